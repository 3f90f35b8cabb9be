"""What can be said of a file without decoding it, and why some files are not looked at."""

import hashlib
import os
import socket
from fractions import Fraction
from pathlib import Path

import pytest
from footage_factory import draw, numbered, run_ffmpeg

from errors import FootageVanished, Permanent, RefusedFootage, UnreadableFootage
from footage.ffmpeg import Decoder
from footage.frames import sample
from footage.recording import fingerprint, probe
from footage.segments import divide

SILENCE = ("-f", "lavfi", "-t", "2", "-i", "anullsrc=r=8000:cl=mono")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("clips") / "clip.mp4", numbered(50))


def refusal(path: Path, decoder: Decoder, kind: type[Permanent]) -> str:
    with pytest.raises(kind) as refused:
        probe(str(path), decoder)
    message = str(refused.value)
    assert message.endswith(".") and "\n" not in message and message.count(". ") == 0
    return message


def test_a_recording_is_described_from_its_packets(clip: Path, decoder: Decoder) -> None:
    recording = probe(str(clip), decoder)

    assert (recording.codec, recording.pixel_format) == ("h264", "yuv420p")
    assert (recording.width, recording.height, recording.rotation) == (160, 96, 0)
    assert (recording.frame_rate, recording.time_base) == (25, Fraction(1, 12800))
    assert (recording.duration_ms, recording.duration_claimed_ms) == (2000, 2000)
    assert (recording.packets, recording.keyframes) == (50, (0, 12800))
    assert recording.size_bytes == clip.stat().st_size


def test_a_broadcast_rate_is_exact(tmp_path: Path, decoder: Decoder) -> None:
    path = draw(tmp_path / "clip.mp4", numbered(5), fps="30000/1001")

    assert probe(str(path), decoder).frame_rate == Fraction(30000, 1001)


def test_time_zero_is_where_the_sound_begins_when_the_picture_comes_later(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    late = tmp_path / "late.mp4"
    run_ffmpeg(*SILENCE, "-itsoffset", "1.5", "-i", clip, "-c:v", "copy", "-c:a", "aac", late)

    recording = probe(str(late), decoder)
    (whole,) = divide(recording, 60)
    with sample(
        recording, whole, mode="interval", interval_ms=1, max_side_px=640, decoder=decoder
    ) as frames:
        times = [frame.time_ms for frame in frames]

    assert recording.start_us == 0
    assert recording.duration_ms == 3500
    assert times == [1500 + 40 * k for k in range(50)]
    assert frames.coverage.gaps == () and frames.coverage.decoded_ms == 2000


def test_the_claimed_duration_is_kept_apart_from_the_measured_one(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    long_sound = ("-f", "lavfi", "-t", "9", "-i", "anullsrc=r=8000:cl=mono")
    run_ffmpeg(*long_sound, "-i", clip, "-c:v", "copy", "-c:a", "aac", tmp_path / "a.mp4")

    recording = probe(str(tmp_path / "a.mp4"), decoder)

    assert recording.duration_ms == 2000
    assert recording.duration_claimed_ms == pytest.approx(9000, abs=200)


def test_a_cover_picture_before_the_video_is_passed_over(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    draw(tmp_path / "cover.png", numbered(1, width=80, height=80), options=("-frames:v", "1"))
    run_ffmpeg(
        *("-i", tmp_path / "cover.png", "-i", clip, "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v:0", "attached_pic", tmp_path / "covered.mp4"),
    )

    assert probe(str(tmp_path / "covered.mp4"), decoder).codec == "h264"


@pytest.mark.parametrize("rate", ["100000", "1/3600"])
def test_an_absurd_frame_rate_does_not_matter(tmp_path: Path, decoder: Decoder, rate: str) -> None:
    path = draw(tmp_path / "clip.mkv", numbered(30), filters="setpts=N*40/1000/TB", fps=25)
    run_ffmpeg("-r", rate, "-i", path, "-c", "copy", tmp_path / "absurd.mkv")

    recording = probe(str(tmp_path / "absurd.mkv"), decoder)

    assert recording.packets == 30 and recording.duration_ms > 0


def test_an_empty_file_is_refused_with_one_sentence(tmp_path: Path, decoder: Decoder) -> None:
    (tmp_path / "empty.mp4").touch()

    assert "empty" in refusal(tmp_path / "empty.mp4", decoder, UnreadableFootage)


@pytest.mark.parametrize("text", ["Dear diary, nothing new.\n" * 50, "<html></html>", "\0"])
def test_something_else_is_not_taken_for_video(tmp_path: Path, decoder: Decoder, text: str) -> None:
    (tmp_path / "text.mp4").write_text(text)

    assert "not a video file" in refusal(tmp_path / "text.mp4", decoder, UnreadableFootage)


def test_a_file_cut_off_before_its_index_says_so(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:-2000])

    assert "no index" in refusal(tmp_path / "cut.mp4", decoder, UnreadableFootage)


def test_sound_alone_is_no_video(tmp_path: Path, decoder: Decoder) -> None:
    run_ffmpeg(*SILENCE, "-c:a", "aac", tmp_path / "sound.mp4")

    assert "audio but no video" in refusal(tmp_path / "sound.mp4", decoder, UnreadableFootage)


def test_a_song_with_a_cover_is_no_video(tmp_path: Path, decoder: Decoder) -> None:
    cover = tmp_path / "cover.png"
    draw(cover, numbered(1), options=("-frames:v", "1"))
    run_ffmpeg(
        *(*SILENCE, "-i", cover, "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "copy"),
        *("-disposition:v:0", "attached_pic", tmp_path / "song.mp4"),
    )

    assert "cover picture" in refusal(tmp_path / "song.mp4", decoder, UnreadableFootage)


def test_subtitles_alone_are_no_video(tmp_path: Path, decoder: Decoder) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    run_ffmpeg("-i", tmp_path / "words.srt", tmp_path / "words.mkv")

    assert "no video" in refusal(tmp_path / "words.mkv", decoder, UnreadableFootage)


def test_pictures_above_the_limit_are_refused(tmp_path: Path, decoder: Decoder) -> None:
    huge = ("-f", "lavfi", "-i", "color=s=8192x8192", "-frames:v", "1", "-c:v", "mjpeg")
    run_ffmpeg(*huge, "-pix_fmt", "yuvj420p", tmp_path / "huge.mkv")

    assert "larger than allowed" in refusal(tmp_path / "huge.mkv", decoder, RefusedFootage)


def test_a_codec_that_is_not_looked_at_is_named(tmp_path: Path, decoder: Decoder) -> None:
    path = draw(tmp_path / "clip.avi", numbered(3), options=("-c:v", "cinepak"))

    assert "cinepak" in refusal(path, decoder, RefusedFootage)


def test_a_recording_whose_clock_is_set_back_is_refused(tmp_path: Path, decoder: Decoder) -> None:
    once = draw(tmp_path / "once.ts", numbered(50)).read_bytes()
    (tmp_path / "twice.ts").write_bytes(once + once)

    assert "jump backwards" in refusal(tmp_path / "twice.ts", decoder, RefusedFootage)


def test_times_beyond_a_month_are_refused(clip: Path, tmp_path: Path, decoder: Decoder) -> None:
    run_ffmpeg(
        *("-i", clip, "-c", "copy", "-bsf:v", "setts=ts=TS+gte(N\\,40)*1e9*12800"),
        tmp_path / "eternal.mkv",
    )

    assert "times" in refusal(tmp_path / "eternal.mkv", decoder, RefusedFootage)


def test_a_folder_is_refused(tmp_path: Path, decoder: Decoder) -> None:
    assert "folder" in refusal(tmp_path, decoder, RefusedFootage)


def test_a_pipe_or_a_device_is_refused_without_waiting_for_it(
    tmp_path: Path, decoder: Decoder
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket.mp4"))

    with listener:
        for path in (tmp_path / "pipe.mp4", tmp_path / "socket.mp4", Path("/dev/zero")):
            refusal(path, decoder, RefusedFootage)
            with pytest.raises(RefusedFootage):
                fingerprint(str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(clip: Path, tmp_path: Path, decoder: Decoder) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(clip.read_bytes())
    secret.chmod(0)

    assert "Permission denied" in refusal(secret, decoder, UnreadableFootage)


@pytest.mark.parametrize("missing", ["nowhere.mp4", "clip.mp4/inside.mp4"])
def test_a_file_that_is_not_there_has_vanished(clip: Path, decoder: Decoder, missing: str) -> None:
    with pytest.raises(FootageVanished):
        probe(str(clip.parent / missing), decoder)
    with pytest.raises(FootageVanished):
        fingerprint(str(clip.parent / missing))


@pytest.mark.parametrize(
    "name",
    [
        b"a name with spaces.mp4",
        b"quo'tes\".mp4",
        b"two\nlines.mp4",
        b"-y.mp4",
        b"concat:a|b.mp4",
        b"http:\\\\x%d%%03d.mp4",
        b"caf\xe9 \xff.mp4",
        "\N{WATER WAVE}[0:v];null,.mp4".encode(),
    ],
)
def test_any_file_name_works(
    clip: Path, tmp_path: Path, decoder: Decoder, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = os.fsdecode(name)
    Path(path).write_bytes(clip.read_bytes())

    recording = probe(path, decoder)
    with sample(
        recording, divide(recording, 60)[0],
        mode="interval", interval_ms=500, max_side_px=640, decoder=decoder,
    ) as frames:  # fmt: skip
        assert len(list(frames)) == 4
    assert recording.path == path
    assert fingerprint(path) == fingerprint(str(clip))


def test_a_title_that_looks_like_ffmpegs_own_words_changes_nothing(
    clip: Path, tmp_path: Path, decoder: Decoder
) -> None:
    title = (
        "x\n  Duration: 99:00:00.00, start: 5.000000, bitrate: 1 kb/s\n"
        "  Stream #0:0: Video: cinepak, rgb24, 9x9, 7 fps\n  Stream #0:7 -> #0:0 (copy)\n"
    )
    run_ffmpeg("-i", clip, "-c", "copy", "-metadata", f"title={title}", tmp_path / "titled.mkv")

    honest, titled = probe(str(clip), decoder), probe(str(tmp_path / "titled.mkv"), decoder)

    assert (titled.frame_rate, titled.duration_ms) == (honest.frame_rate, honest.duration_ms)
    assert (titled.start_us, titled.pixel_format) == (0, "yuv420p")


def test_a_fingerprint_is_the_sha256_and_tells_its_progress(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc" * 1_000_000)
    told: list[int] = []

    digest = fingerprint(str(tmp_path / "file"), told.append)

    assert digest == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
    assert told == sorted(told) and told[-1] == 3_000_000


def test_a_file_that_breaks_off_while_it_is_read_says_so() -> None:
    with pytest.raises(UnreadableFootage, match="cannot be read to its end"):
        fingerprint("/proc/self/mem")
