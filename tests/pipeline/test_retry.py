"""A store that is away for a while is waited for, and only for a while."""

from collections.abc import Callable

import pytest

from errors import LeaseLost, NightreelError, StoreUnavailable
from pipeline.retry import retrying


def after(*errors: NightreelError) -> Callable[[], str]:
    """A step that fails so often before it succeeds."""
    left = list(errors)

    def step() -> str:
        if left:
            raise left.pop()
        return "done"

    return step


def test_a_step_is_taken_until_it_succeeds() -> None:
    assert retrying(after(StoreUnavailable("full"), StoreUnavailable("full")), 60) == "done"


def test_retrying_ends() -> None:
    step = after(StoreUnavailable("full"))
    with pytest.raises(StoreUnavailable, match="full"):
        retrying(step, 0)
    assert step() == "done", "it was taken once"


def test_nothing_else_is_waited_for() -> None:
    with pytest.raises(LeaseLost):
        retrying(after(LeaseLost("gone")), 60)
