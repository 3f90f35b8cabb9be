"""Another engine sees what is kept: beside the first, as work of the ledger, and never mixed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from callers import caller
from decided import SEEN, decide_on_everything
from numpy.typing import NDArray
from painted import BLUE, GREEN, RED, Stay, paint, paint_photo
from rows import add_accounts
from snapshots import WHEN_ASKED, snapshot
from sqlmodel import col, select
from steps import enrol, find, open_case, open_segments, outcome, watch_all

from errors import WrongUsage
from faces.engine import FaceEngine
from faces.engines import build_engine
from faces.engines.stub import StubEngine
from faces.face import Face, Image
from pipeline.analysis.match import match_analysis
from pipeline.analysis.migrate import Asked, migrate, use
from pipeline.analysis.reembed import Why
from pipeline.analysis.rematch import match_people
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.people.compare import compare
from pipeline.people.search import Question, search
from pipeline.plan import Plan
from storage.database.database import reading, writing
from storage.jobs import control, ledger, reaper, reembedded, reembedding
from storage.jobs.listing import segment_rows
from storage.results.candidates import CandidateRow, candidates, places
from storage.results.changes import changes
from storage.results.verdicts import Decision, Key, give, verdicts_of
from storage.tables import Analysis, EngineChoice, Reference, State
from storage.vectors.appearances import replace_sightings
from storage.vectors.embeddings import vectors_of

NEW, THIRD = "stub:3", "stub:2"


def engine_called(name: str, min_face_px: int = 40) -> FaceEngine:
    return build_engine(
        name, min_face_px=min_face_px, device="cpu", precision="float32", weights_folder=Path()
    )


class Looker(StubEngine):
    """Engine `stub:3` with a detector of its own, so that crops must be looked at."""

    def __init__(self, blind: bool = False) -> None:
        super().__init__(40, circles=3)
        self.card = replace(self.card, detector="other")
        self._blind = blind

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        return [[] for _ in images] if self._blind else super().detect(images)


@pytest.fixture
def context(make_tools: Callable[..., Context]) -> Context:
    """Whatever stub a plan asks for."""
    by_name = {"engine_for": lambda plan: engine_called(plan.engine, plan.min_face_px)}
    return replace(make_tools(), **by_name)


@pytest.fixture
def people(context: Context, plan: Plan, tmp_path: Path) -> list[int]:
    """Red and blue are looked for; red and green were seen."""
    case_id = open_case(context)
    names = {"Red": RED, "Blue": BLUE}
    ids = [
        enrol(
            name, [paint_photo(tmp_path / f"{name}.png", colour)], case_id, context, plan
        ).person_id
        for name, colour in names.items()
    ]
    stays = [Stay(RED, 0, 2), Stay(GREEN, 2, 4, x=190)]
    find(paint(tmp_path / "gate.mp4", 4, *stays), context, plan)
    return ids


def begin(context: Context, name: str = NEW, engine: FaceEngine | None = None) -> Asked:
    wanted = engine or engine_called(name)
    asks = caller(context.database, "uid:7")
    return migrate(asks, wanted, case_id=None, context=context, current="stub")


def finish(asked: Asked, context: Context) -> None:
    """What the workers do."""
    watch_all(context)
    for analysis in asked.analyses:
        match_analysis(analysis, context)
    match_people(asked.people, context)


def with_engine(context: Context, engine: FaceEngine) -> Context:
    return replace(context, engine_for=lambda _: engine)


def shown(context: Context) -> list[CandidateRow]:
    with reading(context.database) as session:
        return candidates(session)


def vectors(context: Context, engine: str = NEW) -> dict[int, NDArray[np.float32]]:
    with reading(context.database) as session:
        ids, found = vectors_of(session, np.arange(1, 5), engine=engine)
    return dict(zip(ids.tolist(), found, strict=True))


def far(context: Context, engine: str = NEW) -> reembedded.Standing:
    with reading(context.database) as session:
        return reembedded.standing(session, engine)


def test_both_engines_are_searchable_and_never_mixed(
    context: Context, people: list[int], tmp_path: Path
) -> None:
    before = vectors(context, "stub")
    asked = begin(context)
    assert far(context).waiting == 1
    finish(asked, context)
    assert (far(context).ended, far(context).embedded, far(context).omitted) == (1, 2, {})
    assert {len(one) for one in vectors(context).values()} == {6}
    assert all(np.array_equal(before[id], one) for id, one in vectors(context, "stub").items())
    assert [(one.engine, one.seen.appearance_id) for one in shown(context)] == [("stub", 1)]
    with reading(context.database) as session:
        stands = [places(session, people, engine=name)[people[0]] for name in ("stub", NEW)]
    assert [list(one) for one in stands] == [[1], [1]]
    photo = paint_photo(tmp_path / "search.png", RED)
    for name in ("stub", NEW):
        asks = caller(context.database, "uid:7")
        answer = search(asks, [photo], Question(1), engine=engine_called(name))
        assert [hit.seen.appearance_id for hit in answer.hits] == [1]
        assert (answer.reach.searched.recordings, answer.reach.not_searched) == (1, {})


def test_migrating_twice_equals_once(context: Context, people: list[int]) -> None:
    assert len(people) == 2
    finish(begin(context), context)
    once = snapshot(context.database, without=WHEN_ASKED)
    finish(begin(context), context)
    assert snapshot(context.database, without=WHEN_ASKED) == once


def test_two_migrations_at_once_do_not_disturb_each_other(
    context: Context, people: list[int]
) -> None:
    assert len(people) == 2
    first, second, again = begin(context), begin(context, THIRD), begin(context)
    assert again.analyses == first.analyses
    for asked in (second, first, again):
        finish(asked, context)
    sizes = {name: [len(one) for one in vectors(context, name).values()] for name in (NEW, THIRD)}
    assert sizes == {NEW: [6, 6], THIRD: [4, 4]}
    assert [far(context, name).embedded for name in (NEW, THIRD)] == [2, 2]


def test_an_engine_with_another_detector_looks_for_the_face_in_the_crop(
    context: Context, people: list[int]
) -> None:
    looker = Looker()
    finish(begin(context, engine=looker), with_engine(context, looker))
    embedded = vectors(context)
    finish(begin(context, THIRD), context)
    assert len(embedded) == len(vectors(context, THIRD)) == 2
    assert float(embedded[1] @ embedded[2]) < 0.5
    with reading(context.database) as session:
        kept = set(session.exec(select(Reference.engine).filter_by(person_id=people[0])))
    assert kept == {"stub", NEW, THIRD}


def test_what_cannot_be_embedded_is_counted_with_its_reason_and_listed(
    context: Context, people: list[int], tmp_path: Path
) -> None:
    with reading(context.database) as session:
        first, _ = reembedding.kept(session, 1)
    for name in set(first.crops):
        next(tmp_path.rglob(name)).unlink()
    blind = Looker(blind=True)
    asked = begin(context, engine=blind)
    finish(asked, with_engine(context, blind))
    assert far(context).omitted == {Why.NO_CROP: 1, Why.NO_FACE: 1}
    with reading(context.database) as session:
        found = [(one.appearance_id, one.reason) for one in reembedded.omitted(session, NEW)]
        photos = session.exec(select(Reference).filter_by(person_id=people[0], engine=NEW)).all()
    assert found == [(1, Why.NO_CROP), (2, Why.NO_FACE)]
    assert [(one.sealed_vector, one.key_id) for one in photos] == [(None, None)]
    assert "no face" in photos[0].verdict
    assert outcome(asked.analyses[0], context).state is State.FAILED


def test_of_several_faces_in_a_crop_the_one_in_its_middle_is_meant(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    stays = [Stay(GREEN, 0, 2, x=5), Stay(RED, 0, 2, x=120)]
    find(paint(tmp_path / "close.mp4", 2, *stays), context, plan)
    looker = Looker()
    finish(begin(context, engine=looker), with_engine(context, looker))
    apart = vectors(context)
    finish(begin(context, THIRD), context)
    assert far(context).omitted == {}
    assert float(apart[1] @ apart[2]) < 0.5
    same_way = [one[:2] @ other[:2] for one, other in zip(
        apart.values(), vectors(context, THIRD).values(), strict=True)]  # fmt: skip
    assert min(same_way) > 0


def test_a_worker_with_other_weights_gives_the_work_back_before_it_writes(
    context: Context, people: list[int]
) -> None:
    assert len(people) == 2
    asked = begin(context)
    other = engine_called(NEW)
    other.weights_sha256 = "f" * 64
    assert watch_all(with_engine(context, other)) == []
    with reading(context.database) as session:
        (segment,) = segment_rows(session, asked.analyses[0])
    assert (segment.state, segment.attempts) == (State.WAITING, 0)
    assert "not those that the archive's vectors were made with" in str(segment.reason)
    assert vectors(context) == {}
    finish(asked, context)
    assert len(vectors(context)) == 2


def test_work_that_was_broken_off_is_done_by_the_next(context: Context, people: list[int]) -> None:
    assert len(people) == 2

    class Stopped(StubEngine):
        def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
            raise KeyboardInterrupt(len(chips))

    asked = begin(context)
    with pytest.raises(KeyboardInterrupt):
        watch_all(with_engine(context, Stopped(40, circles=3)))
    (segment,) = open_segments(context)
    with writing(context.database) as session:
        ledger.claim(session, segment, "dead", 1, utc_now() - timedelta(minutes=1))
    assert (open_segments(context), vectors(context)) == ([], {})
    with writing(context.database) as session:
        assert reaper.expired(session, utc_now()) == [segment]
    finish(asked, context)
    assert (len(vectors(context)), outcome(asked.analyses[0], context).state) == (2, State.DONE)


def test_what_is_purged_while_it_is_embedded_leaves_nothing(
    context: Context, people: list[int]
) -> None:
    assert len(people) == 2

    class Purger(StubEngine):
        def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
            with writing(context.database) as session:
                control.forget(session, [1])
            return super().embed(chips)

    begin(context)
    assert watch_all(with_engine(context, Purger(40, circles=3))) == []
    left = snapshot(context.database)
    assert [left[name] for name in ("embedding", "omission", "segment", "analysis")] == [[]] * 4


def test_appearances_that_are_joined_again_meanwhile_are_re_embedded(
    context: Context, people: list[int]
) -> None:
    assert len(people) == 2
    asked = begin(context)
    finish(asked, context)
    with writing(context.database) as session:
        replace_sightings(session, 1, [])
        session.get_one(Analysis, 1).state = State.MATCHING
    match_analysis(1, context)
    assert len(vectors(context, "stub")) == 1
    assert far(context).waiting == 1
    finish(asked, context)
    assert list(vectors(context)) == list(vectors(context, "stub"))


def test_a_migration_that_is_cancelled_takes_its_vectors_with_it(
    context: Context, people: list[int]
) -> None:
    asked = begin(context)
    watch_all(context)
    with writing(context.database) as session:
        assert control.cancel(session, asked.analyses, utc_now()) == asked.analyses
    assert (vectors(context), len(vectors(context, "stub"))) == ({}, 2)
    with reading(context.database) as session:
        assert places(session, people, engine=NEW)[people[0]] == {}


def test_an_engine_is_taken_into_use_and_back_and_verdicts_stay(
    context: Context, people: list[int]
) -> None:
    assert len(people) == 2
    asked = begin(context)
    asks = caller(context.database, "uid:7")
    change = {"partly": False, "current": "stub"}
    with pytest.raises(WrongUsage, match="has not embedded the crops of 1 recordings and 0"):
        use(asks, engine_called(NEW), reason="better", **change)
    finish(asked, context)
    decide_on_everything(context)
    with pytest.raises(WrongUsage, match="--reason"):
        use(asks, engine_called(NEW), reason=" ", **change)
    with pytest.raises(WrongUsage, match="in use already"):
        use(asks, engine_called("stub"), reason="again", **change)
    use(asks, engine_called(NEW), reason="better", **change)
    assert [one.engine for one in shown(context)] == [NEW]
    with reading(context.database) as session:
        found = changes(session, 1, engine=NEW)
        assert {(run.cause, run.actor, run.appearances) for run in found.rematches} == {
            ("model", "uid:7", 2)
        }
        assert len(verdicts_of(session, 1)) == 1
        chosen = session.exec(select(EngineChoice).order_by(col(EngineChoice.id)))
        assert [choice.reason for choice in chosen][-1] == "better"
    use(asks, engine_called("stub"), reason="worse", **change)
    assert [one.engine for one in shown(context)] == ["stub"]


def test_a_comparison_shows_every_reviewed_candidate_and_suggests_a_threshold(
    context: Context, people: list[int]
) -> None:
    finish(begin(context), context)
    red, _ = people
    with writing(context.database) as session:
        add_accounts(session, 1)
        for appearance, decision in ((1, Decision.SAME), (2, Decision.DIFFERENT)):
            key = Key(red, appearance)
            give(session, key, account_id=1, decision=decision, seen=SEEN, now=utc_now())
    with reading(context.database) as session:
        found = compare(
            session,
            [1],
            engine_called("stub").card,
            engine_called(NEW).card,
            keys=context.media.keys,
        )
    same, different = found.reviewed
    assert (same.before.rank, same.after.rank, different.after.rank) == (1, 1, None)
    assert same.after.distance is not None
    assert different.after.distance is not None
    assert found.suggestion is not None
    assert same.after.distance < found.suggestion.threshold < different.after.distance
    assert (found.suggestion.missed, found.suggestion.admitted) == (0, 0)
    assert not found.suggestion.is_calibrated


def test_a_plan_of_crops_has_a_key_of_its_own_and_leaves_the_others_as_they_were() -> None:
    footage = Plan(engine="stub")
    of_crops = replace(footage, crops_of=footage.key)
    assert Plan.from_body(of_crops.body) == of_crops
    assert of_crops.key != footage.key
    assert "crops_of" not in json.loads(footage.body)
