"""A soak tells a slope from a level, whatever each process holds."""

import numpy as np
import pytest

from bench.chaos.soak import Held, growth_of


def held(megabytes_in_a_thousand: float, noise: float = 0.3) -> list[Held]:
    chance = np.random.default_rng(7)
    return [
        Held(
            process,
            done,
            level + megabytes_in_a_thousand * done / 1000 + chance.normal(0, noise),
            20,
        )
        for done in range(700, 1700)
        for process, level in ((1, 360.0), (2, 150.0))
    ]


def test_a_level_is_no_growth_and_a_slope_is() -> None:
    assert growth_of(held(0.0)).is_none
    steep = growth_of(held(7.4))
    assert steep.megabytes == pytest.approx(7.4, abs=0.3)
    assert not steep.is_none


def test_files_that_stay_open_are_growth() -> None:
    level = held(0.0)
    leaking = level[:1500] + [Held(1, 1699, 360.0, 21)] * 500
    assert not growth_of(leaking).is_none
