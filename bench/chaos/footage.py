"""The known job's footage: painted people for engine `stub`, no two clips alike."""

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.plan import Plan

SIZE, FRAMES_PER_SECOND = (320, 240), 10
GROUND, DARK_GROUND = 110, 5
LANE_PX, PERSON_PX, PERSON_HEIGHT = 106, 86, 120
HUES = {"red": 0.0, "green": 120.0, "blue": 230.0}
"""Hues of the persons of interest, degrees; each walks in its own lane of the picture."""
MOST_OFF_HUE = 5.0
"""Largest deviation of a clip's people from their hue, degrees: well within the engine's threshold.
No two distances are equal, which would leave the order of candidates to chance."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the known job."""

    clips: int
    clip_seconds: int
    segment_seconds: int
    interval_ms: int
    """100 samples every picture: a second of work for ten seconds of footage."""

    @property
    def plan(self) -> Plan:
        """The processing settings."""
        return Plan(
            engine="stub", interval_ms=self.interval_ms, max_segment_seconds=self.segment_seconds
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's stay in a lane, in picture numbers [first, last)."""

    look: NDArray[np.uint8]
    """RGB [height, width, 3]."""
    left: int
    first: int
    last: int


def draw_job(folder: Path, shape: Shape) -> list[Path]:
    """Draw the clips of a job, the same ones at every call; returns their paths."""
    return [
        draw_clip(folder / f"clip-{number:02}.mp4", shape.clip_seconds, seed=number)
        for number in range(shape.clips)
    ]


def draw_clip(
    path: Path, seconds: int, *, seed: int, ground: int = GROUND, size: tuple[int, int] = SIZE
) -> Path:
    """Draw one clip of this size (width, height), H.264 with a keyframe every second."""
    film = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=FRAMES_PER_SECOND,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=["-preset", "ultrafast", "-g", str(FRAMES_PER_SECOND)],
    )
    film.send(None)
    for picture in _pictures(seconds * FRAMES_PER_SECOND, seed, ground, size):
        film.send(picture)
    film.close()
    return path


def draw_photos(folder: Path) -> dict[str, Path]:
    """Draw a reference photo of each person; returns their paths by name."""
    photos = {name: folder / f"{name}.png" for name in HUES}
    for name, path in photos.items():
        photo = np.full((SIZE[1], SIZE[0], 3), GROUND, np.uint8)
        photo[40:200, 80:240] = _colour(HUES[name])
        Image.fromarray(photo).save(path)
    return photos


def _pictures(
    count: int, seed: int, ground: int, size: tuple[int, int]
) -> Iterator[NDArray[np.uint8]]:
    visits = [] if ground == DARK_GROUND else list(_visits(count, np.random.default_rng(seed)))
    for number in range(count):
        picture = np.full((size[1], size[0], 3), ground, np.uint8)
        for visit in visits:
            if visit.first <= number < visit.last:
                top = 40 + round(20 * np.sin(number / 15 + visit.left))
                picture[top : top + PERSON_HEIGHT, visit.left : visit.left + PERSON_PX] = visit.look
        yield picture


def _visits(count: int, rng: np.random.Generator) -> Iterator[Visit]:
    for lane, hue in enumerate(HUES.values()):
        first = int(rng.integers(0, 80))
        while first < count:
            last = first + int(rng.integers(40, 300))  # most stays go over a segment's border
            left = lane * LANE_PX + int(rng.integers(2, 14))
            yield Visit(_look(hue, rng), left, first, last)
            first = last + int(rng.integers(30, 100))


def _look(hue: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A rectangle of one hue, lit from a random corner, so that no two look alike."""
    colour = _colour(hue + rng.uniform(-MOST_OFF_HUE, MOST_OFF_HUE))
    across, down = rng.uniform(-0.12, 0.12, 2)
    columns = np.linspace(-across, across, PERSON_PX)[None, :, None]
    rows = np.linspace(-down, down, PERSON_HEIGHT)[:, None, None]
    lit = np.clip(colour * (1 + columns + rows), 0, 255)
    return np.asarray(lit, np.uint8)


def _colour(hue: float) -> NDArray[np.uint8]:
    return (np.array(colorsys.hsv_to_rgb(hue / 360 % 1, 0.87, 0.88)) * 255).astype(np.uint8)
