"""Damaged recordings give the frames that can be had, and say what could not be seen."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from footage_factory import draw, number, numbered, run_ffmpeg

from errors import (
    FootageChanged,
    FootageVanished,
    RefusedFootage,
    UnreadableFootage,
    WrongUsage,
)
from footage.ffmpeg import Decoder
from footage.frames import Coverage, Mode, sample
from footage.recording import Recording, probe
from footage.segments import Segment

PICTURES = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.fixture(scope="module")
def sound_mp4(folder: Path) -> bytes:
    return draw(folder / "sound.mp4", numbered(PICTURES)).read_bytes()


@pytest.fixture(scope="module")
def sound_ts(folder: Path) -> bytes:
    return draw(folder / "sound.ts", numbered(PICTURES)).read_bytes()


def look(
    path: Path, decoder: Decoder, *, mode: Mode = "interval"
) -> tuple[Recording, list[int], Coverage]:
    recording = probe(str(path), decoder)
    whole = Segment(0, 0, recording.duration_ms, None, None)
    with sample(
        recording, whole, mode=mode, interval_ms=1, max_side_px=640, decoder=decoder
    ) as frames:
        times = [frame.time_ms for frame in frames]
    return recording, times, frames.coverage


def overwritten(data: bytes, start: float, end: float, filling: bytes | None = None) -> bytes:
    """The same bytes with a part of them, given as fractions of the whole, replaced."""
    first, last = (int(part * len(data)) // 188 * 188 for part in (start, end))
    filling = bytes(last - first) if filling is None else filling
    return data[:first] + filling + data[last:]


def test_a_recording_cut_off_after_its_index_is_shorter_than_it_claims(
    folder: Path, sound_mp4: bytes, decoder: Decoder
) -> None:
    (folder / "slow.mp4").write_bytes(sound_mp4)
    run_ffmpeg(
        *("-i", folder / "slow.mp4", "-c", "copy", "-movflags", "faststart"), folder / "fast.mp4"
    )
    fast = (folder / "fast.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(fast[: len(fast) // 2])

    recording, times, coverage = look(folder / "cut.mp4", decoder)

    assert recording.duration_claimed_ms == 12_000
    assert 2000 < recording.duration_ms < 8000
    assert times[:100] == [40 * k for k in range(100)]
    assert coverage.gaps == ()


@pytest.mark.parametrize("filling", [None, b""], ids=["zeroed", "missing"])
@pytest.mark.parametrize("mode", ["interval", "keyframes"])
def test_a_lost_stretch_of_a_stream_is_a_gap(
    folder: Path, sound_ts: bytes, decoder: Decoder, filling: bytes | None, mode: Mode
) -> None:
    path = folder / f"lost-{filling}-{mode}.ts"
    path.write_bytes(overwritten(sound_ts, 0.4, 0.7, filling))

    recording, times, coverage = look(path, decoder, mode=mode)

    ((start, end),) = coverage.gaps
    assert recording.duration_ms == 12_000
    assert 4000 < start < 6000 and 7500 < end < 9500
    assert coverage.decoded_ms == 12_000 - (end - start)
    assert min(times) == 0 and max(times) >= 11_000


def test_pictures_that_cannot_be_decoded_are_a_gap(
    folder: Path, sound_mp4: bytes, decoder: Decoder
) -> None:
    noise = random.Random(1).randbytes(len(sound_mp4))
    first, last = int(0.4 * len(noise)), int(0.7 * len(noise))
    damaged = sound_mp4[:first] + noise[first:last] + sound_mp4[last:]
    (folder / "noise.mp4").write_bytes(damaged)

    recording, times, coverage = look(folder / "noise.mp4", decoder)

    ((start, end),) = coverage.gaps
    assert recording.packets == PICTURES
    assert end - start > 2000
    assert not any(start < time < end for time in times)
    assert coverage.decoded_frames == len(times) > 150


def test_a_segment_from_which_nothing_can_be_decoded_is_one_gap(
    folder: Path, sound_mp4: bytes, decoder: Decoder
) -> None:
    start, end = sound_mp4.find(b"mdat") + 4, sound_mp4.find(b"moov") - 4
    (folder / "hollow.mp4").write_bytes(sound_mp4[:start] + bytes(end - start) + sound_mp4[end:])

    _, times, coverage = look(folder / "hollow.mp4", decoder)

    assert times == []
    assert coverage == Coverage(0, 0, 0, ((0, 12_000),))


def test_a_recording_begun_between_keyframes_says_from_when_it_can_be_seen(
    folder: Path, decoder: Decoder
) -> None:
    long_group = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "100", "-bf", "0")
    whole = draw(folder / "long-group.ts", numbered(200), options=long_group).read_bytes()
    header, rest = whole[: 188 * 3], whole[len(whole) // 8 // 188 * 188 :]
    (folder / "begun.ts").write_bytes(header + rest)

    recording, times, coverage = look(folder / "begun.ts", decoder)

    assert coverage.decoded_frames == len(times)
    assert times[-1] == recording.duration_ms - 40
    for start, end in coverage.gaps:
        assert not any(start <= time < end for time in times)


def test_pauses_a_container_knows_of_are_no_gaps(folder: Path, decoder: Decoder) -> None:
    path = draw(
        folder / "still.mp4", numbered(40), filters="settb=1/1000,setpts=N*40+gte(N\\,10)*4000"
    )

    recording, times, coverage = look(path, decoder)

    assert max(after - before for before, after in pairwise(times)) > 4000
    assert coverage.gaps == () and coverage.decoded_ms == recording.duration_ms


def test_one_picture_every_few_seconds_is_no_gap(folder: Path, decoder: Decoder) -> None:
    path = draw(folder / "lapse.mkv", numbered(20), fps=0.25)

    _, times, coverage = look(path, decoder)

    assert times == [4000 * k for k in range(20)]
    assert coverage.gaps == ()


@pytest.mark.parametrize("seed", range(12))
def test_any_flipped_bytes_end_in_frames_or_a_refusal(
    folder: Path, sound_mp4: bytes, sound_ts: bytes, decoder: Decoder, seed: int
) -> None:
    rng = random.Random(seed)
    damaged = bytearray(sound_mp4 if seed % 2 else sound_ts)
    for _ in range(200):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    path = folder / f"flipped-{seed}.{'mp4' if seed % 2 else 'ts'}"
    path.write_bytes(damaged)

    try:
        recording, times, coverage = look(path, decoder)
    except (RefusedFootage, UnreadableFootage):
        return
    assert times == sorted(times) and len(times) == coverage.sampled_frames
    assert 0 <= coverage.decoded_ms <= recording.duration_ms


def test_footage_that_vanished_or_changed_since_it_was_probed_is_not_sampled(
    folder: Path, sound_mp4: bytes, decoder: Decoder
) -> None:
    path = folder / "fleeting.mp4"
    path.write_bytes(sound_mp4)
    recording = probe(str(path), decoder)
    whole = Segment(0, 0, recording.duration_ms, None, None)

    def frames() -> int:
        with sample(
            recording, whole, mode="interval", interval_ms=500, max_side_px=640, decoder=decoder
        ) as seen:
            return len(list(seen))

    path.write_bytes(sound_mp4 + b"more")
    with pytest.raises(FootageChanged):
        frames()
    path.unlink()
    with pytest.raises(FootageVanished):
        frames()


def test_the_coverage_is_known_only_at_the_end(
    folder: Path, sound_mp4: bytes, decoder: Decoder
) -> None:
    (folder / "whole.mp4").write_bytes(sound_mp4)
    recording = probe(str(folder / "whole.mp4"), decoder)
    whole = Segment(0, 0, recording.duration_ms, None, None)
    with sample(
        recording, whole, mode="interval", interval_ms=500, max_side_px=640, decoder=decoder
    ) as frames:
        assert number(next(frames).image) == 0
        with pytest.raises(WrongUsage):
            _ = frames.coverage
