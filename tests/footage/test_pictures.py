"""Pictures come upright, in true colours, in square pixels and in the size asked for."""

from pathlib import Path

import numpy as np
import pytest
from footage_factory import X264, draw, number, numbered, run_ffmpeg
from numpy.typing import NDArray

from footage.ffmpeg import Decoder
from footage.frames import Frame, sample
from footage.recording import Recording, probe
from footage.segments import Segment

COLOURS = ((200, 40, 40), (40, 180, 60), (60, 60, 220), (235, 235, 235), (20, 20, 20))


def frames(
    path: Path, decoder: Decoder, *, max_side_px: int = 1920
) -> tuple[Recording, list[Frame]]:
    recording = probe(str(path), decoder)
    whole = Segment(0, 0, recording.duration_ms, None, None)
    with sample(
        recording, whole, mode="interval", interval_ms=1, max_side_px=max_side_px, decoder=decoder
    ) as seen:
        return recording, list(seen)


def stripes(height: int = 96, width: int = 160) -> NDArray[np.uint8]:
    bands = np.array(COLOURS, np.uint8)[np.arange(width) * len(COLOURS) // width]
    return np.repeat(bands[None], height, axis=0)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_recording_is_seen_upright(tmp_path: Path, decoder: Decoder, turn: int) -> None:
    lying = {90: "transpose=2", 180: "hflip,vflip", 270: "transpose=1"}[turn]
    flat = draw(tmp_path / "flat.mp4", numbered(5), filters=lying)
    run_ffmpeg("-display_rotation", f"{-turn}", "-i", flat, "-c", "copy", tmp_path / "turned.mp4")

    recording, seen = frames(tmp_path / "turned.mp4", decoder)

    assert recording.rotation == turn
    assert (recording.width, recording.height) == (160, 96)
    assert [number(frame.image) for frame in seen] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("pixels", "colours"),
    [
        ("yuv420p", ()),
        ("yuv420p10le", ()),
        ("yuv444p", ("-color_range", "pc")),
        ("yuv420p", ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")),
    ],
)
def test_colours_are_true_whatever_the_depth_range_and_matrix(
    tmp_path: Path, decoder: Decoder, pixels: str, colours: tuple[str, ...]
) -> None:
    full, hd = "pc" in colours, "bt709" in colours
    convert = (
        f"scale=out_range={'pc' if full else 'tv'}:out_color_matrix={'bt709' if hd else 'bt601'}"
    )
    path = draw(
        tmp_path / "stripes.mp4",
        [stripes()] * 3,
        filters=f"{convert},format={pixels}",
        options=(*X264, "-qp", "4", "-pix_fmt", pixels, *colours),
    )

    _, seen = frames(path, decoder)

    middles = seen[0].image[48, [16, 48, 80, 112, 144]].astype(int)
    assert np.abs(middles - np.array(COLOURS)).max() <= 6


def test_a_large_picture_is_scaled_down_and_a_small_one_is_left(
    tmp_path: Path, decoder: Decoder
) -> None:
    path = draw(tmp_path / "wide.mp4", numbered(3, width=400, height=100))

    _, smaller = frames(path, decoder, max_side_px=320)
    _, same = frames(path, decoder, max_side_px=1920)

    assert smaller[0].image.shape == (80, 320, 3)
    assert same[0].image.shape == (100, 400, 3)
    assert [number(frame.image) for frame in smaller] == [0, 1, 2]


def test_pixels_that_are_not_square_become_square(tmp_path: Path, decoder: Decoder) -> None:
    path = draw(tmp_path / "dv.mp4", numbered(3), filters="setsar=3/2")

    recording, seen = frames(path, decoder)

    assert (recording.width, recording.height) == (240, 96)
    assert seen[2].image.shape == (96, 240, 3) and number(seen[2].image) == 2


def test_frames_are_contiguous_rgb_and_independent_of_each_other(
    tmp_path: Path, decoder: Decoder
) -> None:
    _, seen = frames(draw(tmp_path / "clip.mp4", numbered(4)), decoder)

    assert all(frame.image.dtype == np.uint8 and frame.image.flags.c_contiguous for frame in seen)
    assert [number(frame.image) for frame in seen] == [0, 1, 2, 3]


def test_a_picture_size_that_changes_on_the_way_loses_no_frame(
    tmp_path: Path, decoder: Decoder
) -> None:
    small = draw(tmp_path / "small.ts", numbered(10))
    large = draw(
        tmp_path / "large.ts",
        numbered(10, width=320, height=192),
        options=(*X264, "-output_ts_offset", "0.48"),
    )
    (tmp_path / "both.ts").write_bytes(small.read_bytes() + large.read_bytes())

    _, seen = frames(tmp_path / "both.ts", decoder)

    assert [number(frame.image) for frame in seen] == [*range(10), *range(10)]
    assert [frame.time_ms for frame in seen] == [40 * k for k in range(20)]
