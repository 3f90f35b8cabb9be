"""The tree of errors: drawn as it is, and each with an exit code and an HTTP status."""

import re
from itertools import pairwise

import pytest

import errors
from errors import NightreelError, Permanent, Transient

ROOTS = (NightreelError, Permanent, Transient)
ALL = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, NightreelError)
]


def drawn_parents() -> dict[str, str]:
    """What the drawing in the module's docstring puts each error below; four columns a level."""
    above: list[str] = []
    parents = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:│   |    )*(?:[├└]── )?)([A-Z]\w+)(?:  |$)", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            parents[found[2]] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_is_drawn_as_it_is() -> None:
    assert drawn_parents() == {each.__name__: each.__bases__[0].__name__ for each in ALL}


def test_the_last_branch_of_each_level_is_drawn_as_the_last() -> None:
    lines = (errors.__doc__ or "").splitlines()
    for line, next_one in pairwise(lines):
        for column, sign in enumerate(line):
            below = next_one[column : column + 1]
            assert sign not in "├│" or below in ("├", "│", "└"), line
            assert sign != "└" or below not in ("├", "│", "└"), line


@pytest.mark.parametrize("kind", [each for each in ALL if each not in ROOTS])
def test_every_error_says_its_http_status(kind: type[NightreelError]) -> None:
    said = [each for each in kind.__mro__ if "http_status" in vars(each) and each not in ROOTS]
    assert said, f"{kind.__name__} has no HTTP status of its own"
    assert kind.http_status >= 400
    assert kind.exit_code > 0


@pytest.mark.parametrize("kind", [errors.Purged, errors.PictureLost, errors.NotFound])
def test_what_is_gone_for_good_is_not_tried_again(kind: type[NightreelError]) -> None:
    assert issubclass(kind, Permanent)
    assert kind.http_status < 500
