"""Measures the detection of duplicate footage: `python -m bench.overlaps [FILM]`.

Draws a street (or takes a film), exports it with ffmpeg in several ways, and reports for each
export whether it was linked and the error of the offset. Then compares pieces that show the same
place at other times.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from footage.alignment import Overlap, align, marks_of, proposals
from footage.executables import choose
from footage.fingerprint import STEP_MS, Glimpses, changes, glimpse
from footage.frames import sample
from footage.guards import Decoder
from footage.recording import probe
from footage.segments import Segment

WIDTH, HEIGHT, FRAMES_PER_SECOND, SECONDS = 640, 360, 15, 180
X264 = ("-c:v", "libx264", "-preset", "veryfast")
PIECE_SECONDS = (30, 60, 120)
DAY_SECONDS = 3000


@dataclass(frozen=True, slots=True)
class Export:
    """One way to make another file of the same footage."""

    name: str
    options: tuple[str, ...]
    offset_ms: int = 0


EXPORTS = (
    Export("the same, copied", ("-c", "copy")),
    Export("H.264, low bit rate (150 kbit/s)", (*X264, "-b:v", "150k")),
    Export("HEVC, crf 32", ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "32")),
    Export("MPEG-4 in AVI, q 12", ("-c:v", "mpeg4", "-q:v", "12")),
    Export("half the size", ("-vf", "scale=iw/2:-2", *X264)),
    Export("160 px wide, 5 frames a second", ("-vf", "scale=160:-2", "-r", "5", *X264)),
    Export("30 frames a second", ("-r", "30", *X264)),
    Export("grey", ("-vf", "format=gray,format=yuv420p", *X264)),
    Export("lighter, more contrast", ("-vf", "eq=brightness=0.1:contrast=1.3", *X264)),
    Export("noise added", ("-vf", "noise=alls=20:allf=t", *X264)),
    Export("other shape (4:3, squeezed)", ("-vf", "scale=480:360,setsar=1", *X264)),
    Export("a clock burnt in", ("-vf", "drawbox=8:8:200:30:black:fill", *X264)),
    Export("bars above and below, 10 %", ("-vf", "pad=iw:ih*1.1:0:ih*0.05", *X264)),
    Export("bars above and below, 33 %", ("-vf", "pad=iw:ih*1.33:0:ih*0.165", *X264)),
    Export("cropped by 5 %", ("-vf", "crop=iw*0.95:ih*0.95", *X264)),
    Export("cropped by 10 %", ("-vf", "crop=iw*0.9:ih*0.9", *X264)),
    Export("cropped by 25 %", ("-vf", "crop=iw*0.75:ih*0.75", *X264)),
    Export("trimmed: 60 s from 37.3 s", ("-ss", "37.3", "-t", "60", *X264), 37_300),
    Export("trimmed: 30 s from 37.3 s", ("-ss", "37.3", "-t", "30", *X264), 37_300),
    Export("trimmed: 15 s from 37.3 s", ("-ss", "37.3", "-t", "15", *X264), 37_300),
    Export("turned by 2 degrees", ("-vf", "rotate=2*PI/180", *X264)),
    Export("turned by 10 degrees", ("-vf", "rotate=10*PI/180", *X264)),
    Export("turned upside down", ("-vf", "hflip,vflip", *X264)),
    Export("mirrored", ("-vf", "hflip", *X264)),
    Export("inverted", ("-vf", "negate", *X264)),
    Export("1 % faster", ("-vf", "setpts=PTS/1.01", *X264)),
    Export("25 % faster", ("-vf", "setpts=PTS/1.25", *X264)),
    Export("backwards", ("-vf", "reverse", *X264)),
)


def main(*films: str) -> None:
    """Print both tables; for a film, only the first one."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(films[0]) if films else _drawn(Path(folder) / "street.mp4")
        _compare_exports(film, Path(folder))
    if not films:
        _measure_costs()
        _compare_days()


def _compare_exports(film: Path, folder: Path) -> None:
    original = _sampled(film)
    print(
        f"{len(original.times_ms)} pictures, {changes(original).telling.mean():.0%} tell something"
    )
    print("\n| export | linked | offset off by, ms | agreement |\n| --- | --- | --- | --- |")
    for export in EXPORTS:
        made = folder / "export.mkv"
        _ffmpeg("-i", film, *export.options, "-an", made)
        overlap = _linked(original, _sampled(made))
        off = overlap and str(abs(overlap.offset_ms - export.offset_ms))
        agreement = f"{overlap.agreement:.2f}" if overlap else ""
        print(f"| {export.name} | {'yes' if overlap else 'no'} | {off or ''} | {agreement} |")


def _compare_days() -> None:
    print("\n| who passes, a minute | pieces of, s | pairs | linked |\n| --- | --- | --- | --- |")
    for a_minute in (1, 3, 12, 40):
        day = _glimpses(
            _street(3, DAY_SECONDS, a_minute), np.arange(0, DAY_SECONDS, STEP_MS / 1000)
        )
        for seconds in PIECE_SECONDS:
            pieces = list(_pieces(day, seconds))
            pairs = list(combinations(pieces, 2))
            linked = sum(_linked(a, b) is not None for a, b in pairs)
            print(f"| {a_minute} | {seconds} | {len(pairs)} | {linked} |")


def _linked(a: Glimpses, b: Glimpses) -> Overlap | None:
    return align(a, b, proposals(marks_of(changes(a)), marks_of(changes(b))))


def _pieces(day: Glimpses, seconds: int) -> Iterator[Glimpses]:
    for edge_ms in range(0, DAY_SECONDS * 1000, seconds * 1000):
        piece = day.between(edge_ms, edge_ms + seconds * 1000)
        yield Glimpses(piece.times_ms - edge_ms, piece.pictures)


def _sampled(film: Path) -> Glimpses:
    """The glimpses of a film, sampled as by default."""
    decoder = Decoder(choose(), memory_mb=2048, timeout_seconds=60, max_pixels=40_000_000)
    known = probe(str(film), decoder)
    whole = Segment(0, 0, known.duration_ms, None, None)
    with sample(
        known, whole, mode="interval", interval_ms=STEP_MS, max_side_px=1920, decoder=decoder
    ) as frames:
        return Glimpses.of([(frame.time_ms, glimpse(frame.image)) for frame in frames])


def _measure_costs() -> None:
    """Print what it costs to store and to compare the fingerprints of two days."""
    days = [
        _glimpses(_street(seed, DAY_SECONDS, 12), np.arange(0, DAY_SECONDS, STEP_MS / 1000))
        for seed in (3, 4)
    ]
    marks = [marks_of(changes(day)) for day in days]
    hours = DAY_SECONDS / 3600
    begun = time.perf_counter()
    proposals(*marks)
    voted = time.perf_counter()
    align(days[0], days[1], [0])
    aligned = time.perf_counter()
    print("\n| of an hour of footage | |\n| --- | --- |")
    print(f"| kept as glimpses, kB | {len(days[0].pack()) / 1000 / hours:.0f} |")
    print(f"| kept as marks, kB | {len(marks[0].pack()) / 1000 / hours:.0f} |")
    print(f"| an hour against an hour, ms | {1000 * (voted - begun) / hours**2:.0f} |")
    print(
        f"| one that may be the same looked at closely, ms "
        f"| {1000 * (aligned - voted) / hours:.0f} |"
    )


_Passer = tuple[float, float, float, float, float, float]


def _street(seed: int, seconds: float, a_minute: float) -> list[_Passer]:
    """People who pass: each with start, duration, direction, vertical place, width, brightness."""
    rng = np.random.default_rng(seed)
    return [
        (rng.uniform(-5, seconds), rng.uniform(4, 14), float(rng.choice([-1, 1])),
         rng.uniform(0.45, 0.7), rng.uniform(0.05, 0.12), rng.uniform(-70, 70))
        for _ in range(round(a_minute * seconds / 60))
    ]  # fmt: skip


def _picture(
    passers: Sequence[_Passer], moment: float, side: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.uint8]:
    width, height = side
    place = np.random.default_rng(0).uniform(60, 190, (9, 16)).astype(np.float32)
    picture = np.kron(place, np.ones((height // 9, width // 16), np.float32))
    for begin, takes, direction, down, wide, lightness in passers:
        way = (moment - begin) / takes
        if 0 <= way <= 1:
            across = 0.5 + direction * (way * 1.4 - 0.7)
            left, right = (round((across + edge * wide) * width) for edge in (-0.5, 0.5))
            top, bottom = (round((down + edge * wide) * height) for edge in (-1.5, 1.5))
            picture[max(top, 0) : bottom, max(left, 0) : max(right, 0)] = 125 + lightness
    noisy = picture + rng.normal(0, 3, picture.shape)
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _glimpses(passers: Sequence[_Passer], moments: NDArray[np.float64]) -> Glimpses:
    rng = np.random.default_rng(9)
    return Glimpses.of(
        [(round(t * 1000), glimpse(_picture(passers, t, (160, 90), rng))) for t in moments]
    )


def _drawn(path: Path) -> Path:
    rng, passers = np.random.default_rng(4), _street(1, SECONDS, 12)
    film = imageio_ffmpeg.write_frames(
        str(path), (WIDTH, HEIGHT), fps=FRAMES_PER_SECOND, codec="libx264", quality=None,
        macro_block_size=2, output_params=["-preset", "veryfast", "-crf", "23"],
    )  # fmt: skip
    film.send(None)
    for number in range(SECONDS * FRAMES_PER_SECOND):
        film.send(_picture(passers, number / FRAMES_PER_SECOND, (WIDTH, HEIGHT), rng))
    film.close()
    return path


def _ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
