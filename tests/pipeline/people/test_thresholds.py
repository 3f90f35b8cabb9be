"""Another threshold is taken into use with a reason, and everybody is compared again with it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from callers import caller
from decided import LIKE_RED, decide_on_everything
from painted import RED, Stay, paint, paint_photo
from steps import enrol, find, open_case

from errors import WrongUsage
from faces.adjusted import adjusted
from faces.engines.stub import StubEngine
from pipeline.analysis.rematch import match_people
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.people.thresholds import Changed, Within, change_threshold, effect
from pipeline.plan import Plan
from storage.access.audit import entries
from storage.database.database import reading
from storage.results.candidates import candidates
from storage.results.changes import changes
from storage.results.comparisons import stale
from storage.vectors.thresholds import threshold_in_use, thresholds


@pytest.fixture
def case_id(context: Context, plan: Plan, tmp_path: Path) -> int:
    """A case that looks for red, who was seen, and so was somebody much like red."""
    stays = [Stay(RED, 0, 2), Stay(LIKE_RED, 4, 6, x=190)]
    find(paint(tmp_path / "gate.mp4", 6, *stays), context, plan)
    case_id = open_case(context)
    person = enrol("Ada", [paint_photo(tmp_path / "red.png", RED)], case_id, context, plan)
    match_people([person.person_id], context)
    return case_id


def change(context: Context, threshold: float, reason: str = "too many strangers") -> Changed:
    engine = context.engine_for(Plan(engine="stub"))
    keys = context.media.keys
    return change_threshold(caller(context.database), engine, threshold, reason=reason, keys=keys)


def distances(context: Context) -> list[tuple[float, float]]:
    with reading(context.database) as session:
        return [(round(one.distance, 3), one.threshold) for one in candidates(session)]


def test_with_a_stricter_threshold_fewer_are_candidates_and_back(
    case_id: int, make_tools: Callable[..., Context], context: Context
) -> None:
    (near, far), own = [one for one, _ in distances(context)], StubEngine.card.threshold
    between = (near + far) / 2
    assert change(context, between).people == [1]
    with reading(context.database) as session:
        assert threshold_in_use(session, "stub") == between
        assert list(stale(session, utc_now())) == [1]
    strict = make_tools(adjusted(StubEngine(), between))
    match_people([1], strict)
    assert distances(context) == [(near, between)]
    with reading(context.database) as session:
        found = changes(session, case_id, engine="stub")
    assert [(one.kind, one.after) for one in found.changes] == [("gone", None)]
    assert [run.cause.value for run in found.rematches] == ["threshold"]
    assert found.rematches[0].threshold == between
    change(strict, own, "the earlier one")
    match_people([1], context)
    assert distances(context) == [(near, own), (far, own)]
    with reading(context.database) as session:
        chosen = [(one.threshold, one.reason, one.actor) for one in thresholds(session)]
    assert chosen == [(own, "the earlier one", "uid:1"), (between, "too many strangers", "uid:1")]


@pytest.mark.usefixtures("case_id")
def test_what_it_does_to_what_was_decided_is_said_before_and_nothing_is_stored(
    context: Context,
) -> None:
    decide_on_everything(context)
    (near, far), card = [one for one, _ in distances(context)], StubEngine.card
    keys = context.media.keys
    found = effect(caller(context.database), card, (near + far) / 2, keys=keys)
    assert (found.same, found.different) == (2, 0)
    assert found.before == Within(card.threshold, 2, 0)
    assert found.after == Within((near + far) / 2, 1, 0)
    with reading(context.database) as session:
        assert threshold_in_use(session, "stub") is None
        assert list(stale(session, utc_now())) == []


def test_it_is_in_the_audit_log(context: Context) -> None:
    change(context, 0.5)
    with reading(context.database) as session:
        last = list(entries(session))[-1]
    assert (last.action, last.actor) == ("threshold_changed", "uid:1")
    assert '"threshold":0.5' in last.objects and '"threshold_before":0.75' in last.objects


@pytest.mark.parametrize(
    ("threshold", "reason", "sentence"),
    [
        (0.5, "  ", "--reason"),
        (0.0, "x", "above 0"),
        (-0.1, "x", "above 0"),
        (2.1, "x", "at most 2"),
        (float("nan"), "x", "above 0"),
        (0.75, "x", "already"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    context: Context, threshold: float, reason: str, sentence: str
) -> None:
    with pytest.raises(WrongUsage, match=sentence):
        change(context, threshold, reason)
    with reading(context.database) as session:
        assert thresholds(session) == []


def test_faces_in_footage_are_linked_as_before() -> None:
    strict = adjusted(StubEngine(), 0.1)
    assert strict.card.threshold == 0.1
    assert strict.card.same_face_distance == StubEngine.card.same_face_distance
    again = adjusted(strict, 0.2)
    assert again.card.same_face_distance == StubEngine.card.same_face_distance
