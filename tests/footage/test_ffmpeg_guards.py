"""What a child may not do: read other files, wait for ever, take all memory, or stay behind."""

import gc
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from footage_factory import draw, numbered

from errors import DecoderFailed, Permanent
from footage.ffmpeg import Child, Decoder, command
from footage.frames import Samples, sample
from footage.recording import Recording, probe
from footage.segments import Segment

PICTURES = 120


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(
        tmp_path_factory.mktemp("clips") / "clip.mp4", numbered(PICTURES, width=640, height=360)
    )


def frames(recording: Recording, decoder: Decoder) -> Samples:
    whole = Segment(0, 0, recording.duration_ms, None, None)
    return sample(
        recording, whole, mode="interval", interval_ms=1, max_side_px=640, decoder=decoder
    )


def children() -> set[int]:
    """The decoders below this process: other tests may have left a stack running."""
    below = psutil.Process().children(recursive=True)
    return {child.pid for child in below if child.name().startswith("ffmpeg")}


def stand_in(folder: Path, script: str, decoder: Decoder) -> Decoder:
    """A decoder that behaves as badly as the script says."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    sandbox = replace(
        decoder.sandbox, unprivileged=False
    )  # tests' folders are for their owner alone
    return replace(decoder, executable=str(path), sandbox=sandbox)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n{address}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{path}</BaseURL>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["hls", "ffconcat", "dash", "sdp"],
)
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list"])
def test_a_playlist_is_refused_and_the_file_it_names_is_not_opened(
    clip: Path, tmp_path: Path, decoder: Decoder, playlist: str, name: str
) -> None:
    other = tmp_path / "evidence.mp4"
    other.write_bytes(clip.read_bytes())
    os.utime(other, (1, 1))
    listing = tmp_path / name
    listing.write_text(playlist.format(path=other.name, address=f"file://{other}"))

    with pytest.raises(Permanent):
        probe(str(listing), decoder)

    assert other.stat().st_atime == 1


def test_the_command_carries_every_guard(decoder: Decoder) -> None:
    arguments = command(decoder, {"ss": "5us"}, {"format": "null"})

    before, after = arguments[: arguments.index("-i")], arguments[arguments.index("-i") :]
    assert after[1] == "fd:"
    for guard in (
        "-nostdin", "-hide_banner", "-protocol_whitelist", "-format_whitelist",
        "-codec_whitelist", "-max_streams", "-max_pixels", "-copyts",
    ):  # fmt: skip
        assert guard in before
    assert before[before.index("-protocol_whitelist") + 1] == "fd"
    assert before[before.index("-threads") + 1] == "1"
    assert after[after.index("-map") + 1] == "0:V:0"
    assert {"-an", "-sn", "-dn"} <= set(after)


def test_limits_are_set_on_the_child_and_not_on_the_worker(clip: Path, decoder: Decoder) -> None:
    with frames(probe(str(clip), decoder), decoder) as seen:
        next(seen)
        (child,) = children()
        limits = Path(f"/proc/{child}/limits").read_text()
        session, group = os.getsid(child), os.getpgid(child)

    found = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()}
    assert int(found["Max address space"]) == decoder.memory_mb << 20
    assert found["Max file size"] == found["Max core file size"] == "0"
    assert found["Max cpu time"] != "unlimited"
    assert session == group != os.getpgid(0)


def test_secrets_of_the_environment_do_not_reach_the_child(
    clip: Path, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTREEL_DATABASE_URL", "postgresql://somebody:secret@host/db")
    with frames(probe(str(clip), decoder), decoder) as seen:
        next(seen)
        (child,) = children()
        environment = Path(f"/proc/{child}/environ").read_bytes()

    assert b"secret" not in environment


def test_too_little_memory_is_said(clip: Path, decoder: Decoder) -> None:
    recording = probe(str(clip), decoder)

    with pytest.raises(DecoderFailed, match=r"memory|killed"):
        list(frames(recording, replace(decoder, memory_mb=1)))


def test_a_killed_child_is_a_failure_of_this_attempt(clip: Path, decoder: Decoder) -> None:
    seen = frames(probe(str(clip), decoder), decoder)
    next(seen)
    (child,) = children()

    os.kill(child, signal.SIGKILL)

    with pytest.raises(DecoderFailed, match="SIGKILL"):
        list(seen)


@pytest.mark.parametrize(
    "script",
    [
        "sleep 1000",
        "while :; do :; done",
        "exec 1>&- 2>&-; sleep 1000",
        "while :; do echo noise >&2; done",
        "trap '' TERM; sleep 1000 | sleep 1000",
    ],
    ids=["asleep", "busy", "deaf", "noisy", "forking"],
)
def test_a_child_that_stalls_is_stopped_in_time(
    clip: Path, tmp_path: Path, decoder: Decoder, script: str
) -> None:
    recording = probe(str(clip), decoder)
    stalled = replace(stand_in(tmp_path, script, decoder), timeout_seconds=1)

    with pytest.raises(DecoderFailed, match=r"too long|killed"):
        list(frames(recording, stalled))
    with pytest.raises(DecoderFailed, match=r"too long|killed"):
        probe(str(clip), stalled)


def test_time_spent_by_a_slow_reader_is_not_the_childs(clip: Path, decoder: Decoder) -> None:
    patient = replace(decoder, timeout_seconds=2)
    recording = probe(str(clip), patient)

    with frames(recording, patient) as seen:
        next(seen)
        time.sleep(2.5)
        assert len(list(seen)) == PICTURES - 1


def test_endless_words_do_not_fill_the_memory(clip: Path, tmp_path: Path, decoder: Decoder) -> None:
    words = "yes | tr -d '\\n' | head -c 60000000"
    script = f"{words} >&2; {words}; exit 1"
    chatty = stand_in(tmp_path, script, decoder)

    with Child(chatty, str(clip), reading={}, writing=lambda _: {"format": "null"}) as child:
        pieces = [len(line) for line in child.lines()]
        assert child.finish() == 1
        assert len(child.log) < 2_000_000

    assert sum(pieces) < 2_000_000


@pytest.mark.parametrize("leave", [Samples.close, lambda _: None], ids=["closed", "forgotten"])
def test_a_child_does_not_outlive_its_reader(
    clip: Path, decoder: Decoder, leave: Callable[[Samples], None]
) -> None:
    seen = frames(probe(str(clip), decoder), decoder)
    next(seen)
    assert children()

    leave(seen)
    del seen
    gc.collect()

    assert not children()


def test_no_pipe_stays_open(clip: Path, decoder: Decoder) -> None:
    recording = probe(str(clip), decoder)
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(3):
        with frames(recording, decoder) as seen:
            next(seen)
        list(frames(recording, decoder))

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_ffmpeg_that_cannot_be_started_is_said(clip: Path, decoder: Decoder) -> None:
    with pytest.raises(DecoderFailed, match="cannot be started"):
        probe(str(clip), replace(decoder, executable="/nowhere/ffmpeg"))


def test_an_ffmpeg_that_does_not_know_the_options_is_said(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    old = stand_in(tmp_path, "echo \"Unrecognized option 'fps_mode'.\" >&2; exit 1", decoder)
    recording = probe(str(clip), decoder)

    with pytest.raises(DecoderFailed, match="newer"):
        list(frames(recording, old))


def test_an_ffmpeg_that_ends_without_a_word_has_not_looked_at_anything(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    broken = stand_in(tmp_path, "exit 3", decoder)
    recording = probe(str(clip), decoder)

    with pytest.raises(DecoderFailed, match="did not open"):
        list(frames(recording, broken))
