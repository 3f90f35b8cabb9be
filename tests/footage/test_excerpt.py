"""A stretch of footage decoded again, and a clip made of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from footage_factory import draw, number, numbered, run_ffmpeg

from errors import DecoderFailed
from footage.encode import encode_mp4
from footage.excerpt import Span, excerpt
from footage.frames import Frame
from footage.guards import Decoder
from footage.recording import probe
from footage.segments import Segment, divide


def stretch(path: Path, start_ms: int, end_ms: int, decoder: Decoder) -> list[Frame]:
    recording = probe(str(path), decoder)
    segment = _holding(divide(recording, 10), start_ms)
    span = Span(start_ms, end_ms, interval_ms=100, max_side_px=960)
    return excerpt(recording, segment, span, decoder=decoder)


def _holding(segments: list[Segment], time_ms: int) -> Segment:
    return [segment for segment in segments if segment.start_ms <= time_ms][-1]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds at 25 frames a second, each picture showing its number."""
    return draw(tmp_path_factory.mktemp("excerpt") / "long.mp4", numbered(500))


@pytest.mark.parametrize("start_ms", [0, 2_000, 9_500, 16_000])
def test_the_pictures_of_a_stretch_are_the_right_ones(
    clip: Path, decoder: Decoder, start_ms: int
) -> None:
    frames = stretch(clip, start_ms, start_ms + 1_000, decoder)
    assert [frame.time_ms // 100 for frame in frames] == [start_ms // 100 + n for n in range(10)]
    assert [number(frame.image) for frame in frames] == [f.time_ms // 40 for f in frames]


def test_a_recording_that_does_not_begin_at_zero_gives_the_same_pictures(
    clip: Path, decoder: Decoder, tmp_path: Path
) -> None:
    later = tmp_path / "later.ts"
    run_ffmpeg("-i", clip, "-c", "copy", "-output_ts_offset", "5000", later)
    frames = stretch(later, 15_000, 15_500, decoder)
    assert [number(frame.image) for frame in frames] == [f.time_ms // 40 for f in frames]
    assert len(frames) == 5


def test_a_raw_stream_that_cannot_be_sought_gives_its_pictures_too(
    clip: Path, decoder: Decoder, tmp_path: Path
) -> None:
    raw = tmp_path / "raw.h264"
    run_ffmpeg("-i", clip, "-c", "copy", "-bsf:v", "h264_mp4toannexb", raw)
    assert len(stretch(raw, 10_000, 10_500, decoder)) == 5


def test_a_clip_is_small_plays_and_shows_the_same(
    clip: Path, decoder: Decoder, tmp_path: Path
) -> None:
    frames = stretch(clip, 2_000, 4_000, decoder)
    mp4 = encode_mp4(
        [frame.image for frame in frames], frames_per_second=10, max_side_px=96, decoder=decoder
    )
    made = tmp_path / "made.mp4"
    made.write_bytes(mp4)
    again = probe(str(made), decoder)
    assert (again.codec, again.width, again.height, again.packets) == ("h264", 96, 58, 20)
    assert again.duration_ms == 2_000


def test_an_encoder_without_memory_fails_in_a_sentence(decoder: Decoder) -> None:
    poor = replace(decoder, memory_mb=1)
    images = list(numbered(3))
    with pytest.raises(DecoderFailed):
        encode_mp4(images, frames_per_second=10, max_side_px=96, decoder=poor)
