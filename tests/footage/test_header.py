from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Permanent
from footage.header import Header, read_header, verdict

PHONE = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a.mp4':
  Metadata:
    creation_time   : 2026-01-01T00:00:00.000000Z
  Duration: 01:02:03.45, start: -0.023021, bitrate: 635 kb/s
  Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s
  Stream #0:1[0x2](eng): Video: h264 (High) (avc1 / 0x31637661), {pixels}, 320x240{rate}, 25 tbr
    Metadata:
      handler_name    : VideoHandler
    Side data:
      {turn}
  Stream #0:2[0x3]: Video: png, rgb24(pc), 9x9, 90k tbr (attached pic)
Stream mapping:
  Stream #0:1 -> #0:0 (copy)
Output #0, framecrc, to 'pipe:':
  Stream #0:0(eng): Video: h264 (High) (avc1 / 0x31637661), gray, 1x1, 7 fps
"""
TURN = "Display Matrix: rotation of -90.00 degrees"


def phone(pixels: str = "yuv420p", rate: str = ", 25 fps", turn: str = TURN) -> str:
    return PHONE.format(pixels=pixels, rate=rate, turn=turn)


def test_the_chosen_stream_is_described() -> None:
    assert read_header(phone()) == Header(
        start_us=-23021,
        duration_claimed_ms=3_723_450,
        pixel_format="yuv420p",
        frame_rate=Fraction(25),
        rotation=90,
        captured_claimed_ms=1_767_225_600_000,
        captured_words="2026-01-01T00:00:00.000000Z",
    )


@pytest.mark.parametrize("pixels", ["yuvj420p(pc, bt709, progressive)", "yuv420p10le", "gray"])
def test_the_pixel_format_is_read_without_its_remarks(pixels: str) -> None:
    header = read_header(phone(pixels=pixels))

    assert header is not None and header.pixel_format == pixels.partition("(")[0]


@pytest.mark.parametrize(
    ("rate", "fraction"),
    [
        (", 29.97 fps", Fraction(30000, 1001)),
        (", 23.98 fps", Fraction(24000, 1001)),
        (", 12.5 fps", Fraction(25, 2)),
        (", 29.83 fps", Fraction(2983, 100)),
        (", 1k fps", Fraction(1000)),
        (", 0 fps", None),
        ("", None),
    ],
)
def test_the_frame_rate_is_the_one_that_was_rounded(rate: str, fraction: Fraction | None) -> None:
    header = read_header(phone(rate=rate))

    assert header is not None and header.frame_rate == fraction


@pytest.mark.parametrize(
    ("turn", "rotation"),
    [
        ("displaymatrix: rotation of -90.00 degrees", 90),
        ("Display Matrix: rotation of 90.00 degrees", 270),
        ("displaymatrix: rotation of -180.00 degrees", 180),
        ("displaymatrix: rotation of 0.01 degrees", 0),
        ("displaymatrix: rotation of nan degrees", 0),
        ("cpb: bitrate max/min/avg: 0/0/0", 0),
    ],
)
def test_the_rotation_is_clockwise_and_in_quarters(turn: str, rotation: int) -> None:
    header = read_header(phone(turn=turn))

    assert header is not None and header.rotation == rotation


def test_what_is_not_known_is_not_invented() -> None:
    raw = phone().replace("01:02:03.45, start: -0.023021", "N/A")

    header = read_header(raw)

    assert header is not None and header.start_us is None and header.duration_claimed_ms is None


def test_without_a_chosen_stream_there_is_no_header() -> None:
    assert read_header(phone().partition("Stream mapping")[0]) is None


words = st.lists(
    st.sampled_from(
        [*PHONE.split(), "\n", "\n  ", "9" * 5000, "Stream #0:0 -> #0:0 (copy)", "\x00"]
    )
)


@given(st.text() | words.map(" ".join))
def test_no_text_of_a_hostile_file_breaks_the_reading(log: str) -> None:
    read_header(log)
    assert isinstance(verdict(log), Permanent)
