"""Every kind of footage gives the right pictures at the right times, whole and in segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from footage_factory import X264, draw, number, numbered

from footage.ffmpeg import Decoder
from footage.frames import Coverage, Mode, sample
from footage.recording import Recording, probe
from footage.segments import Segment

PICTURES = 75


@dataclass(frozen=True)
class Kind:
    """How a clip is made, and when its first picture is shown."""

    name: str
    options: Sequence[str] = X264
    fps: Fraction = Fraction(25)
    first_ms: int = 0
    segments: int = 3


def x264(*more: str) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", *more)


def x265(parameters: str, *more: str) -> tuple[str, ...]:
    always = "keyint=25:min-keyint=25:bframes=3:log-level=error"
    return (
        "-c:v",
        "libx265",
        "-preset",
        "superfast",
        "-x265-params",
        f"{always}{parameters}",
        *more,
    )


OPEN_GROUPS = x264("-bf", "3", "-x264-params", "open-gop=1:scenecut=0:b-adapt=0:b-pyramid=2")
SLOW = x264("-bf", "3", "-x264-params", "b-adapt=0:scenecut=0")
KINDS = [
    Kind("plain.mp4"),
    Kind("fragmented.mp4", (*X264, "-movflags", "frag_keyframe+empty_moov")),
    Kind("open-groups.mp4", OPEN_GROUPS),
    Kind("open-groups.ts", OPEN_GROUPS),
    Kind("open-groups.mkv", OPEN_GROUPS),
    Kind("ten-bit.mp4", x264("-bf", "2", "-pix_fmt", "yuv420p10le")),
    Kind("ten-bit-hevc.mp4", x265("", "-pix_fmt", "yuv420p10le")),
    Kind("open-groups-hevc.mkv", x265(":open-gop=1")),
    Kind("open-groups-hevc.ts", x265(":open-gop=1")),
    Kind("broadcast.mp4", fps=Fraction(30000, 1001)),
    Kind("plain.ts"),
    Kind("unordered.ts", x264("-bf", "0")),
    Kind("slow.ts", SLOW, fps=Fraction(4)),
    Kind("plain.mkv"),
    Kind("plain.flv"),
    Kind("mpeg4.avi", ("-c:v", "mpeg4", "-q:v", "3", "-g", "25")),
    Kind("without-pts.avi", first_ms=80),
    Kind("vp9.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25")),
    Kind(
        "partial-pts.mpg", ("-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-g", "25"), segments=4
    ),
    Kind("raw.h264", segments=1),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("footage")


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture(scope="module")
def recording(kind: Kind, folder: Path, decoder: Decoder) -> Recording:
    path = draw(folder / kind.name, numbered(PICTURES), fps=str(kind.fps), options=kind.options)
    return probe(str(path), decoder)


def whole(recording: Recording) -> Segment:
    return Segment(0, 0, recording.duration_ms, None, None)


def pieces(recording: Recording) -> list[Segment]:
    """Cut at every keyframe, far shorter than `divide` would."""
    inner = [(recording.time_ms(pts), pts) for pts in recording.keyframes]
    ends = [(0, None), *((ms, pts) for ms, pts in inner[1:]), (recording.duration_ms, None)]
    return [
        Segment(index, start, end, start_pts, end_pts)
        for index, ((start, start_pts), (end, end_pts)) in enumerate(pairwise(ends))
    ]


def look(
    recording: Recording,
    segment: Segment,
    decoder: Decoder,
    *,
    mode: Mode = "interval",
    interval_ms: int = 1,
) -> tuple[list[tuple[int, int]], Coverage]:
    """The number each frame shows and its time; an interval of 1 ms gives every frame."""
    with sample(
        recording, segment, mode=mode, interval_ms=interval_ms, max_side_px=640, decoder=decoder
    ) as frames:
        seen = [(number(frame.image), frame.time_ms) for frame in frames]
        return seen, frames.coverage


def test_every_frame_is_seen_once_at_its_exact_time(
    kind: Kind, recording: Recording, decoder: Decoder
) -> None:
    seen, coverage = look(recording, whole(recording), decoder)

    last_ms = recording.duration_ms
    assert seen == [
        (k, min(round(k * 1000 / kind.fps) + kind.first_ms, last_ms)) for k in range(PICTURES)
    ]
    assert coverage == Coverage(PICTURES, PICTURES, last_ms - kind.first_ms, ())


def test_segments_together_see_what_one_pass_sees(
    kind: Kind, recording: Recording, decoder: Decoder
) -> None:
    at_once, _ = look(recording, whole(recording), decoder)

    parts = [look(recording, segment, decoder) for segment in pieces(recording)]

    assert len(parts) == kind.segments
    assert [frame for seen, _ in parts for frame in seen] == at_once
    assert sum(coverage.decoded_frames for _, coverage in parts) == PICTURES
    assert not any(coverage.gaps for _, coverage in parts)


def test_segments_share_one_grid_of_time(recording: Recording, decoder: Decoder) -> None:
    at_once, _ = look(recording, whole(recording), decoder, interval_ms=300)

    seen = [look(recording, segment, decoder, interval_ms=300)[0] for segment in pieces(recording)]

    firsts = {part[0] for part in seen}
    together = [frame for part in seen for frame in part]
    assert set(at_once) <= set(together)
    assert set(together) - set(at_once) <= firsts
    assert len({time_ms // 300 for _, time_ms in at_once}) == len(at_once)


def test_keyframes_alone_have_the_times_they_have_among_all_frames(
    recording: Recording, decoder: Decoder
) -> None:
    every, _ = look(recording, whole(recording), decoder)

    keyframes, coverage = look(recording, whole(recording), decoder, mode="keyframes")
    parts = [
        look(recording, segment, decoder, mode="keyframes")[0] for segment in pieces(recording)
    ]

    assert len(keyframes) >= 3 and set(keyframes) <= set(every)
    assert [frame for part in parts for frame in part] == keyframes
    assert coverage.gaps == ()
