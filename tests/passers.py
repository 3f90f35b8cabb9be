"""A street on which grey figures pass, drawn for any time: for recognising duplicate footage.

street = Street(seed=1, seconds=300)         # who passes when; another seed is another day
street.pictures(at_seconds(0, 60, fps=2))    # RGB uint8 [h, w, 3] for each moment
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from footage.fingerprint import Glimpses, glimpse

WIDTH, HEIGHT = 160, 120


@dataclass(frozen=True)
class Street:
    """One day at one place: the place is always the same, the passing figures are not."""

    seed: int
    seconds: float
    a_minute: float = 12
    noise: float = 2

    @cached_property
    def passers(self) -> list[tuple[float, ...]]:
        """Of each figure: start, duration, direction, vertical position, width and lightness."""
        rng = np.random.default_rng(self.seed)
        count = round(self.a_minute * self.seconds / 60)
        return [
            (
                rng.uniform(-5, self.seconds),
                rng.uniform(4, 12),
                rng.choice([-1, 1]),
                rng.uniform(0.45, 0.75),
                rng.uniform(0.06, 0.13),
                rng.uniform(-70, 70),
            )
            for _ in range(count)
        ]

    def pictures(self, moments: Sequence[float]) -> Iterator[NDArray[np.uint8]]:
        """What a camera records at these times, with its noise."""
        rng = np.random.default_rng(self.seed + 1)
        down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        across, down = across / WIDTH, down / HEIGHT
        for moment in moments:
            picture = _PLACE.copy()
            for begin, takes, direction, middle, width, lightness in self.passers:
                way = (moment - begin) / takes
                if 0 <= way <= 1:
                    place = 0.5 + direction * (way * 1.4 - 0.7)
                    covers = abs(across - place) < width / 2
                    picture[covers & (abs(down - middle) < 1.5 * width)] = 125 + lightness
            picture += rng.normal(0, self.noise, picture.shape)
            grey = np.clip(picture, 0, 255).astype(np.uint8)
            yield np.repeat(grey[:, :, None], 3, axis=2)

    def glimpses(self, begin: float, end: float, *, every: float = 0.5) -> Glimpses:
        """The glimpses of a recording of [begin, end), with its own time starting at zero."""
        moments = np.arange(begin, end, every)
        times_ms = ((moments - begin) * 1000).round().astype(np.int64).tolist()
        pictures = self.pictures(moments.tolist())
        return Glimpses.of([(ms, glimpse(one)) for ms, one in zip(times_ms, pictures, strict=True)])


_PLACE = np.kron(
    np.random.default_rng(0).uniform(60, 190, (12, 16)).astype(np.float32),
    np.ones((HEIGHT // 12, WIDTH // 16), np.float32),
)
