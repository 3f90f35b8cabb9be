import os
from itertools import pairwise
from pathlib import Path

import pytest
from painted import RED, Stay, paint
from snapshots import snapshot
from sqlmodel import select
from steps import find, ingest, open_segments, outcome, watch_all

from errors import FootageVanished, UnreadableFootage
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.names import display_name, display_path
from pipeline.plan import Plan
from storage.database.database import reading
from storage.jobs.listing import segment_rows
from storage.jobs.recordings import Added, AlreadyKnown
from storage.tables import Recording, State


def test_a_recording_is_divided_without_gap_or_overlap(
    clip: Path, context: Context, plan: Plan
) -> None:
    added = ingest(clip, context, plan)

    assert isinstance(added, Added)
    with reading(context.database) as session:
        segments = segment_rows(session, added.analysis_id)
    assert (segments[0].start_ms, segments[-1].end_ms) == (0, 6000)
    assert len(segments) == 3
    assert all(before.end_ms == after.start_ms for before, after in pairwise(segments))


def test_the_same_bytes_are_recognised_under_any_name(
    clip: Path, context: Context, plan: Plan
) -> None:
    added = ingest(clip, context, plan)
    before = snapshot(context.database)
    copy = clip.with_name("the same.mov")
    copy.write_bytes(clip.read_bytes())

    again, other = ingest(clip, context, plan), ingest(copy, context, plan)

    assert isinstance(again, AlreadyKnown)
    assert isinstance(other, AlreadyKnown)
    assert (other.analysis_id, other.name, other.done) == (added.analysis_id, "gate.mp4", False)
    after = snapshot(context.database, without={"path", "modified_ns"})
    for row in before["recording"]:
        del row["path"], row["modified_ns"]
    assert after == before


def test_footage_that_was_watched_is_not_watched_again(
    clip: Path, context: Context, plan: Plan
) -> None:
    find(clip, context, plan)

    again = ingest(clip, context, plan)

    assert isinstance(again, AlreadyKnown)
    assert again.done
    assert open_segments(context) == []


def test_a_file_that_was_moved_is_found_again(clip: Path, context: Context, plan: Plan) -> None:
    ingest(clip, context, plan)
    moved = clip.rename(clip.with_name("elsewhere.mp4"))

    known = ingest(moved, context, plan)
    watch_all(context)

    assert isinstance(known, AlreadyKnown)
    assert outcome(known.analysis_id, context).reasons == []
    assert outcome(known.analysis_id, context).state is State.MATCHING


def test_no_part_of_a_stored_path_leads_elsewhere(
    clip: Path, context: Context, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "depot").mkdir()
    ingest(tmp_path / "depot" / ".." / clip.name, context, plan)
    with reading(context.database) as session:
        assert os.fsdecode(session.exec(select(Recording.path)).one()) == str(clip.resolve())


def test_another_plan_looks_at_the_same_recording_again(
    clip: Path, context: Context, plan: Plan
) -> None:
    first = find(clip, context, plan)

    other = ingest(clip, context, Plan(engine="stub", interval_ms=1000))

    assert isinstance(other, AlreadyKnown)
    assert other.analysis_id != first
    assert other.state is State.WAITING
    assert outcome(first, context).recording_id == outcome(other.analysis_id, context).recording_id


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path, context: Context, plan: Plan) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video at all\n" * 100)
    empty = snapshot(context.database)

    with pytest.raises(UnreadableFootage):
        ingest(text, context, plan)
    with pytest.raises(FootageVanished):
        ingest(tmp_path / "missing.mp4", context, plan)

    assert snapshot(context.database) == empty


def test_reading_a_file_says_how_far_it_has_come(clip: Path, context: Context, plan: Plan) -> None:
    heard: list[int] = []

    ingest_file(clip, context=context, plan=plan, now=utc_now(), progress=heard.append)

    assert heard[-1] == clip.stat().st_size
    assert heard == sorted(heard)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain name.mp4", "plain name.mp4"),
        ("Straße zwölf.mp4".encode(), "Straße zwölf.mp4"),
        (b"two\nlines.mp4", r"two\nlines.mp4"),
        (b"\x1b[31mred.mp4", r"\x1b[31mred.mp4"),
        (b"caf\xe9.mp4", r"caf\xe9.mp4"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe".encode(), r"\u202e4pm.exe"),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(name: bytes, shown: str) -> None:
    path = Path(os.fsdecode(name))
    assert display_name(path) == shown
    assert display_path("/in" / path) == f"/in/{shown}"


@pytest.mark.parametrize("name", [b"a 'b' \"c\".mp4", b"two\nlines.mp4", b"caf\xe9.mp4", b"-x.mp4"])
def test_any_name_is_watched(name: bytes, tmp_path: Path, context: Context, plan: Plan) -> None:
    path = tmp_path / os.fsdecode(name)
    paint(tmp_path / "plain.mp4", 2, Stay(RED, 0, 2)).rename(path)

    found = outcome(find(path, context, plan), context)

    assert (found.name, found.state) == (display_name(path), State.DONE)
    assert found.appearances == 1
