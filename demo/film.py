"""Draws a minute of footage with known truth: who appears in it, from when to when."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from demo.portraits import portrait

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 360, 15

HEAD_AND_SHOULDERS = {"astronaut": (90, 0, 370, 280), "grace_hopper": (80, 40, 480, 440)}
"""The part of each portrait that is used: left, top, right, bottom in its pixels."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One person in the picture during a scene, moving in a straight line."""

    person: str
    start_centre: tuple[float, float]
    end_centre: tuple[float, float]
    start_side_px: float
    end_side_px: float

    def at(self, progress: float) -> tuple[tuple[float, float], float]:
        """Centre (x, y) and side of the cut-out in pixels, at `progress` 0..1 of the way."""
        (x, y), (end_x, end_y) = self.start_centre, self.end_centre
        side = self.start_side_px + (self.end_side_px - self.start_side_px) * progress
        return (x + (end_x - x) * progress, y + (end_y - y) * progress), side


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch between two cuts."""

    seconds: float
    walks: tuple[Walk, ...] = ()
    brightness: float = 1.0
    noise: float = 3.0
    backdrop: int = 0


@dataclass(frozen=True, slots=True)
class Planted:
    """The truth: this walk is in the picture from `start_ms` to `end_ms`."""

    walk: Walk
    start_ms: int
    end_ms: int

    @property
    def person(self) -> str:
        """The person's name, as `portrait` takes it."""
        return self.walk.person

    def shows(self, time_ms: int, x: float, y: float) -> bool:
        """Whether this person's cut-out covers the point (x, y), pixels, at a time."""
        if not self.start_ms <= time_ms < self.end_ms:
            return False
        progress = (time_ms - self.start_ms) / (self.end_ms - self.start_ms)
        centre, side = self.walk.at(progress)
        return abs(x - centre[0]) <= side / 2 and abs(y - centre[1]) <= side / 2


SCENES = (
    Scene(3),
    Scene(9, (Walk("astronaut", (150, 190), (480, 180), 260, 260),)),
    Scene(4),
    Scene(9, (Walk("grace_hopper", (420, 200), (260, 185), 230, 330),), backdrop=1),
    Scene(3, backdrop=1),
    Scene(
        9,
        (
            Walk("astronaut", (170, 185), (210, 190), 280, 250),
            Walk("grace_hopper", (500, 190), (450, 185), 240, 250),
        ),
        backdrop=2,
    ),
    Scene(4, backdrop=2),
    Scene(8, (Walk("astronaut", (450, 190), (250, 185), 250, 320),), 0.5, 9.0, backdrop=3),
    Scene(3, brightness=0.5, noise=9.0, backdrop=3),
    Scene(8, (Walk("grace_hopper", (200, 185), (430, 190), 300, 240),), 0.6, 7.0, backdrop=1),
)


def planted(scenes: tuple[Scene, ...] = SCENES) -> list[Planted]:
    """Who is in the picture when, in order of time."""
    truth, start_ms = [], 0
    for scene in scenes:
        end_ms = start_ms + round(scene.seconds * 1000)
        truth += [Planted(walk, start_ms, end_ms) for walk in scene.walks]
        start_ms = end_ms
    return truth


def draw(scenes: tuple[Scene, ...] = SCENES, *, seed: int = 7) -> Iterator[NDArray[np.uint8]]:
    """Yield every frame of the film, RGB [360, 640, 3]; the same seed draws the same film."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 1, (HEIGHT * 2, WIDTH * 2, 1)).astype(np.float32)
    for scene in scenes:
        backdrop = _backdrop(scene.backdrop)
        count = round(scene.seconds * FRAMES_PER_SECOND)
        for number in range(count):
            picture = backdrop.copy()
            for walk in scene.walks:
                _paste(picture, walk, number / count)
            yield _expose(np.asarray(picture), scene, grain, rng)


def write(path: Path, scenes: tuple[Scene, ...] = SCENES, *, seed: int = 7) -> None:
    """Encode the film as H.264 with a keyframe every two seconds."""
    film = imageio_ffmpeg.write_frames(
        str(path),
        (WIDTH, HEIGHT),
        fps=FRAMES_PER_SECOND,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=["-preset", "ultrafast", "-crf", "26", "-g", str(2 * FRAMES_PER_SECOND)],
    )
    film.send(None)
    for frame in draw(scenes, seed=seed):
        film.send(np.ascontiguousarray(frame))
    film.close()


def _backdrop(number: int) -> Image.Image:
    rng = np.random.default_rng(number)
    shade = rng.integers(60, 140, (5, 8, 1)) + rng.integers(-12, 12, (5, 8, 3))
    return Image.fromarray(shade.astype(np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _paste(picture: Image.Image, walk: Walk, progress: float) -> None:
    centre, exact_side = walk.at(progress)
    side = round(exact_side)
    cut_out = Image.fromarray(portrait(walk.person)).crop(HEAD_AND_SHOULDERS[walk.person])
    corner = (round(centre[0] - side / 2), round(centre[1] - side / 2))
    picture.paste(cut_out.resize((side, side), Image.Resampling.BILINEAR), corner, _vignette(side))


def _vignette(side: int) -> Image.Image:
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (6, 2, 58, 64))
    return mask.filter(ImageFilter.GaussianBlur(3)).resize((side, side))


def _expose(
    picture: NDArray[np.uint8], scene: Scene, grain: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    # New noise for each frame would cost more than all else, so one larger sheet is shifted.
    top, left = int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
    noise = grain[top : top + HEIGHT, left : left + WIDTH] * np.float32(scene.noise)
    lit = picture * np.float32(scene.brightness) + noise
    return np.clip(lit, 0, 255).astype(np.uint8)
