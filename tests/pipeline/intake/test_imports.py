"""Faces that others cut become appearances, and it stays plain that they did."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from painted import BLUE, GREEN, RED, paint_photo
from rows import NOW, PLAN, found, segments
from sqlmodel import col, select
from steps import enrol, find, open_case, outcome, watch_all

from errors import NotAuthorised, NotFound, WrongUsage
from faces.engines.stub import StubEngine
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.migrate import migrate
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import purge_case
from pipeline.intake import imports
from pipeline.intake.imports import Imported, import_faces
from pipeline.judging.clips import cut_clip
from pipeline.judging.review import Rules
from pipeline.plan import Plan
from storage.access.audit import entries
from storage.cases.case_terms import close_case
from storage.cases.cases import case_by_id, find_case
from storage.cases.scope import Scope
from storage.database.database import reading, writing
from storage.jobs import reembedding
from storage.jobs.listing import footage_seen
from storage.jobs.recordings import Request, add
from storage.results.blind_views import look
from storage.results.candidates import candidates
from storage.results.compared import Compared, compared
from storage.results.exports import each_appearance
from storage.results.groups import vectors_of_case
from storage.results.reach import Unsearched, reach
from storage.tables import Appearance, CaseRecording, Recording, State

HASH = "ab" * 32


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of pictures: two of red, one each of blue, of two people and of nobody."""
    folder = tmp_path / "faces"
    folder.mkdir()
    paint_photo(folder / "red.png", RED)
    paint_photo(folder / "red2.png", RED, side=120)
    paint_photo(folder / "blue.jpg", BLUE)
    paint_photo(folder / "two.png", RED, GREEN)
    paint_photo(folder / "nobody.png")
    return folder


def bring(
    context: Context, folder: Path, *lines: str, cut_by: str = "Cutter 3", engine: str = "stub"
) -> Imported:
    """Import these lines into case 2026-1, and compare what they bring."""
    table = folder.parent / "faces.csv"
    table.write_text("\n".join(["file,recording,sha256,time,end,box", *lines]))
    done = import_faces(
        caller(context.database), 1, table, folder, cut_by=cut_by, engine=engine, context=context
    )
    for analysis in done.analyses:
        match_analysis(analysis, context)
    return done


def rows(context: Context) -> list[tuple[str, int, int, str | None]]:
    with reading(context.database) as session:
        found = each_appearance(session)
        seen = [row.seen for row in found]
        return [(one.recording, one.start_ms, one.end_ms, one.cut_by) for one in seen]


def test_faces_become_appearances_that_say_who_cut_them(context: Context, faces: Path) -> None:
    open_case(context)
    done = bring(context, faces, 'red.png,gate.mp4,,1000,2500,"5,6,70,80"', "blue.jpg,yard,,0:09,,")
    assert (done.appearances, done.known, done.refused) == (2, 0, [])
    with reading(context.database) as session:
        first, second = each_appearance(session)
    red, blue = first.seen, second.seen
    assert (red.recording, red.start_ms, red.end_ms, red.best_ms) == ("gate.mp4", 1000, 2500, 1000)
    assert (red.cut_by, first.engine, red.box) == ("Cutter 3", "stub", (5, 6, 70, 80))
    assert red.imported_at is not None
    assert red.quality > 0
    assert (blue.start_ms, blue.end_ms, blue.box) == (9000, 9000, (0, 0, 0, 0))


def test_no_coverage_is_claimed(context: Context, faces: Path) -> None:
    open_case(context)
    (analysis,) = bring(context, faces, "red.png,gate.mp4,,1000,2500,").analyses
    came = outcome(analysis, context)
    assert (came.state, came.decoded_ms, came.sampled_frames) == (State.GAPS, 0, 0)
    assert came.gaps == [(0, 2500)]
    assert "cropped by Cutter 3, imported" in came.reasons[0]
    with reading(context.database) as session:
        reached = reach(session, engine="stub", scope=Scope(find_case(session, "2026-1")))
    assert reached.searched.recordings == 0
    assert reached.not_searched[Unsearched.IMPORTED].recordings == 1


def test_they_are_ranked_for_whoever_is_looked_for(
    context: Context, faces: Path, plan: Plan
) -> None:
    case = open_case(context)
    enrol("Ada", [faces / "red.png"], case, context, plan)
    bring(context, faces, "red2.png,gate.mp4,,1000,,", "blue.jpg,gate.mp4,,2000,,")
    with reading(context.database) as session:
        (only,) = candidates(session)
    assert (only.person, only.seen.start_ms) == ("Ada", 1000)
    assert only.seen.provenance.startswith("cropped by Cutter 3, imported 20")


def test_imported_faces_count_as_compared_once_they_were(
    context: Context, faces: Path, plan: Plan
) -> None:
    case = open_case(context)
    bring(context, faces, "red2.png,gate.mp4,,1000,,", "blue.jpg,gate.mp4,,2000,,")
    ada = enrol("Ada", [faces / "red.png"], case, context, plan).person_id

    def told() -> tuple[int, list[Unsearched]]:
        with reading(context.database) as session:
            (answer,) = compared(session, case_by_id(session, case), "stub", utc_now())
        return answer.compared.faces, list(answer.left_out)

    assert told() == (0, [Unsearched.NOT_MATCHED])
    match_person(ada, context)
    assert told() == (2, [Unsearched.IMPORTED])
    with reading(context.database) as session:
        searched = reach(session, engine="stub", scope=Scope(find_case(session, "2026-1")))
    assert Compared.of_search(searched).compared.faces == 2


def test_twice_equals_once(context: Context, faces: Path) -> None:
    open_case(context)
    lines = ("red.png,gate.mp4,,1000,,", "blue.jpg,gate.mp4,,1000,,", "red.png,gate.mp4,,1000,,")
    first = bring(context, faces, *lines)
    assert (first.appearances, first.known) == (2, 1)
    before = rows(context)
    again = bring(context, faces, *lines, "red.png,gate.mp4,,3000,,", cut_by="Another")
    assert (again.appearances, again.known) == (1, 3)
    assert rows(context) == [*before, ("gate.mp4", 3000, 3000, "Another")]


def test_twice_equals_once_whatever_engine_is_in_use(
    make_tools: Callable[..., Context], faces: Path
) -> None:
    bring_with = {"stub": make_tools(), "stub:3": make_tools(StubEngine(circles=3))}
    open_case(bring_with["stub"])
    bring(bring_with["stub"], faces, "red.png,gate.mp4,,1000,,")
    again = bring(bring_with["stub:3"], faces, "red.png,gate.mp4,,1000,,", engine="stub:3")
    assert (again.appearances, again.known) == (0, 1)


def test_what_shows_not_one_face_is_refused_with_the_reason(context: Context, faces: Path) -> None:
    open_case(context)
    (faces / "text.jpg").write_text("no picture")
    (faces / "away.png").symlink_to("/etc/hostname")
    done = bring(
        context, faces,
        "two.png,gate.mp4,,1,,", "nobody.png,gate.mp4,,2,,", "text.jpg,gate.mp4,,3,,",
        "gone.png,gate.mp4,,4,,", "../faces.csv,gate.mp4,,5,,", "away.png,gate.mp4,,6,,",
        "red.png,gate.mp4,,soon,,",
    )  # fmt: skip
    said = {one.file: one.reason for one in done.refused}
    assert "2 faces" in said["two.png"]
    assert "No face" in said["nobody.png"]
    assert "not a picture" in said["text.jpg"]
    assert "no such file" in said["gone.png"]
    assert "outside the folder" in said["../faces.csv"]
    assert "outside the folder" in said["away.png"]
    assert "time" in said["red.png"]
    assert [one.number for one in done.refused] == list(range(2, 9))
    with reading(context.database) as session:
        assert not session.exec(select(Recording)).all()  # nothing came of it


def test_a_name_is_a_recording_of_the_case_where_there_is_one(
    context: Context, faces: Path
) -> None:
    case = open_case(context)
    with writing(context.database) as session:
        add(session, found(), segments=segments(), now=NOW, request=Request(case_id=case), **PLAN)
    (analysis,) = bring(context, faces, "red.png,gate.mp4,,1000,,").analyses
    came = outcome(analysis, context)
    assert (came.sha256, came.gaps) == ("a" * 64, [(0, 30_000)])


def test_a_recording_of_the_archive_that_is_not_the_cases_takes_no_faces(
    context: Context, faces: Path
) -> None:
    open_case(context)
    with writing(context.database) as session:
        add(session, found(), segments=segments(), now=NOW, **PLAN)
    done = bring(context, faces, f"red.png,,{'a' * 64},1000,,", "red.png,gate.mp4,,1000,,")
    assert "ingest --case" in done.refused[0].reason
    assert done.appearances == 1  # by its name alone it is one that was never here
    with reading(context.database) as session:
        ours = session.exec(select(Recording).order_by(col(Recording.id).desc())).first()
    assert ours is not None
    assert (ours.path, len(ours.sha256)) == (b"", 36)


def test_two_recordings_of_one_name_are_told_by_their_bytes(context: Context, faces: Path) -> None:
    case = open_case(context)
    with writing(context.database) as session:
        for letter in "ab":
            film, request = found(letter * 64), Request(case_id=case)
            add(session, film, segments=segments(), now=NOW, request=request, **PLAN)
    done = bring(context, faces, "red.png,gate.mp4,,1000,,", f"red.png,,{'b' * 64},1000,,")
    assert (done.appearances, len(done.refused)) == (1, 1)
    assert "give the sha256" in done.refused[0].reason


def test_footage_that_comes_later_is_the_same_recording(context: Context, faces: Path) -> None:
    case = open_case(context)
    (analysis,) = bring(context, faces, f"red.png,old name,{'a' * 64},1000,,").analyses
    with writing(context.database) as session:
        request = Request(case_id=case)
        add(session, found(), segments=segments(), now=NOW, request=request, **PLAN)
    with reading(context.database) as session:
        (recording,) = session.exec(select(Recording)).all()
    assert (recording.name, recording.path) == ("gate.mp4", b"/footage/gate.mp4")
    assert (recording.duration_ms, recording.codec) == (30_000, "h264")
    assert outcome(analysis, context).gaps == [(0, 30_000)]


def test_other_engines_embed_them_again_also_where_they_watched_the_footage(
    make_tools: Callable[..., Context], clip: Path, faces: Path
) -> None:
    context, other = make_tools(), make_tools(StubEngine(20, circles=3))
    case = open_case(context)
    watched = find(clip, other, Plan(engine="stub:3", max_segment_seconds=2))
    came = outcome(watched, context)
    with writing(context.database) as session:
        session.add(CaseRecording(case_id=case, recording_id=came.recording_id))
    (analysis,) = bring(context, faces, f"red.png,,{came.sha256},1000,,").analyses
    engine = StubEngine(20, circles=3)
    with reading(context.database) as session:
        origins = reembedding.origins(session, "stub:3")
    assert [one.analysis_id for one in origins] == [analysis]
    asks = caller(other.database)
    asked = migrate(asks, engine, case_id=None, context=other, current="stub")
    watch_all(other)
    for one in asked.analyses:
        match_analysis(one, other)
    assert outcome(asked.analyses[0], context).cut_by == "Cutter 3"
    with reading(context.database) as session:
        engines = {
            row.engine for row in each_appearance(session, with_vectors=True) if row.seen.cut_by
        }
        watched_by_stub = reembedding.origins(session, "stub")
    assert engines == {"stub", "stub:3"}
    assert [one.analysis_id for one in watched_by_stub] == [watched]


def test_a_group_counts_nobody_twice_who_was_watched_and_imported(
    context: Context, clip: Path, faces: Path, plan: Plan
) -> None:
    case = open_case(context)
    watched = outcome(find(clip, context, plan), context)
    with writing(context.database) as session:
        session.add(CaseRecording(case_id=case, recording_id=watched.recording_id))
    bring(context, faces, f"red.png,,{watched.sha256},1000,,", "blue.jpg,elsewhere,,1000,,")
    with reading(context.database) as session:
        ids, _, _ = vectors_of_case(session, find_case(session, "2026-1"), "stub")
        names = {session.get_one(Appearance, id).analysis_id == watched.analysis_id for id in ids}
    assert (len(ids), names) == (2, {True, False})


def test_a_report_of_an_engine_has_its_imports(context: Context, faces: Path, plan: Plan) -> None:
    open_case(context)
    (analysis,) = bring(context, faces, "red.png,gate.mp4,,1000,,").analyses
    with reading(context.database) as session:
        assert footage_seen(session, plan.key, "stub") == [analysis]
        assert footage_seen(session, plan.key, "stub:3") == []


def test_there_is_no_clip_of_what_others_cut(context: Context, faces: Path, plan: Plan) -> None:
    case = open_case(context)
    enrol("Ada", [faces / "red.png"], case, context, plan)
    bring(context, faces, "red.png,gate.mp4,,1000,,")
    with reading(context.database) as session:
        (only,) = candidates(session)
        shown = look(session, only.key)
    assert shown is not None
    with pytest.raises(NotFound, match="imported"):
        cut_clip(shown[0], context)


def test_an_import_is_in_the_audit_log_without_names(context: Context, faces: Path) -> None:
    case = open_case(context)
    bring(context, faces, "red.png,secret gate.mp4,,1000,,", "gone.png,secret gate.mp4,,1,,")
    with reading(context.database) as session:
        log = [(one.action, one.objects) for one in entries(session) if one.case_id == case]
    assert [action for action, _ in log] == ["recording_added", "imported", "imported"]
    assert '"appearances":1' in log[1][1]
    assert '"refused":1' in log[2][1]
    assert not any("secret" in objects or "Cutter" in objects for _, objects in log)


def test_a_case_that_is_over_imports_nothing_and_says_so(context: Context, faces: Path) -> None:
    case = open_case(context)
    with writing(context.database) as session:
        close_case(session, 1, now=utc_now())
    with pytest.raises(NotAuthorised):
        bring(context, faces, "red.png,gate.mp4,,1000,,")
    with reading(context.database) as session:
        assert '"attempt":"imported"' in list(entries(session))[-1].objects
        assert list(entries(session))[-1].case_id == case
    assert rows(context) == []


def test_a_purge_takes_them_all(context: Context, faces: Path, tmp_path: Path) -> None:
    case = open_case(context)
    bring(context, faces, "red.png,gate.mp4,,1000,,")
    with writing(context.database) as session:
        close_case(session, case, now=utc_now())
    asked = Caller(context.database, "uid:1", utc_now() + timedelta(seconds=1))
    certificate = purge_case(asked, case, context, [tmp_path / "media"])
    assert (certificate.pictures, certificate.is_proven) == (1, True)
    assert rows(context) == []
    assert not list((tmp_path / "media").rglob("*.jpg"))


@pytest.mark.parametrize("cut_by", ["", "  ", "x" * 201])
def test_who_cut_them_must_be_said(context: Context, faces: Path, cut_by: str) -> None:
    open_case(context)
    with pytest.raises(WrongUsage, match="--cut-by"):
        bring(context, faces, "red.png,gate.mp4,,1000,,", cut_by=cut_by)


def test_what_is_broken_off_loses_a_portion_and_goes_on_from_there(
    context: Context, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 2)
    open_case(context)
    lines = [f"red.png,gate.mp4,,{1000 * number},," for number in range(5)]
    kept = []

    def break_off(seen_to: int) -> None:
        kept.append(seen_to)
        if seen_to == 4:
            raise KeyboardInterrupt

    table = faces.parent / "faces.csv"
    table.write_text("\n".join(["file,recording,sha256,time,end,box", *lines]))
    with pytest.raises(KeyboardInterrupt):
        import_faces(
            caller(context.database), 1, table, faces, cut_by="Cutter 3", engine="stub",
            context=context, progress=break_off,
        )  # fmt: skip
    assert (kept, len(rows(context))) == ([2, 4], 4)
    again = bring(context, faces, *lines)
    assert (again.appearances, again.known, len(rows(context))) == (1, 4, 5)


@pytest.mark.parametrize(
    ("box", "below"), [("", False), ('"9,9,60,60"', False), ('"9,9,60,30"', True)]
)
def test_a_face_that_was_small_in_its_recording_is_below_the_floor(
    context: Context, faces: Path, plan: Plan, box: str, below: bool
) -> None:
    case = open_case(context)
    enrol("Ada", [faces / "red.png"], case, context, plan)
    bring(context, faces, f"red.png,gate.mp4,,1000,,{box}")
    with reading(context.database) as session:
        (only,) = candidates(session)
        shown = look(session, only.key)
    assert shown is not None
    assert Rules().is_below_floor(shown[0]) is below
    assert Rules(least_quality=0.99).is_below_floor(shown[0])
