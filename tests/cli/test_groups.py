"""`nightreel groups` as a user types it."""

from types import SimpleNamespace

import pytest
from command_line import TERMS, Nightreel
from painted import BLUE, RED, Stay, paint

from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from settings import Settings
from storage.cases.cases import find_case
from storage.database.database import reading
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Request
from worker.resources import Resources

CASE = ("--case", "2026-1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A case that allows grouping, and one that does not; red was seen twice, blue once."""
    folder = tmp_path_factory.mktemp("groups")
    nightreel = Nightreel(folder / "home")
    assert nightreel("case", "open", "2026-1", "--allow-grouping", *TERMS).code == 0
    assert nightreel("case", "open", "2026-2", *TERMS).code == 0
    mine = Resources(Settings(home=folder / "home", engine="stub"))
    stays = (Stay(RED, 0, 2), Stay(RED, 5, 8), Stay(BLUE, 0, 1, x=200))
    with reading(mine.database) as session:
        request = Request(case_id=find_case(session, "2026-1").id)
    known = ingest_file(
        paint(folder / "yard.mp4", 8, *stays), context=mine.context, plan=mine.plan,
        now=utc_now(), request=request,
    )  # fmt: skip
    with reading(mine.database) as session:
        segments = undispatched(session)
    for segment in segments:
        watch(segment, mine.context)
    match_analysis(known.analysis_id, mine.context)
    return SimpleNamespace(nightreel=nightreel, folder=folder)


def test_a_case_is_grouped_and_a_group_becomes_a_person(home: SimpleNamespace) -> None:
    [made] = home.nightreel("groups", "make", *CASE, "--json").document
    assert (made["moments"], made["recordings"], made["person"]) == (2, ["yard.mp4"], None)
    number, (first, _) = str(made["group"]), made["appearances"]
    shown = home.nightreel("groups", "show", number, *CASE)
    assert "may be one person" in shown.out and "yard.mp4" in shown.out
    split = home.nightreel("groups", "split", number, str(first), *CASE)
    assert split.said == ["Split off as group 2."]
    merged = home.nightreel("groups", "merge", number, "2", *CASE)
    assert merged.said == ["Merged into group 1."]
    promoted = home.nightreel("groups", "promote", number, "Somebody", *CASE)
    assert promoted.code == 0
    assert promoted.out.count("good") == 2
    assert promoted.err.count("yard.mp4") == 2
    [known] = home.nightreel("groups", "list", *CASE, "--json").document
    assert known["person"] == 1


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("make", "--case", "2026-2"), 4, "--allow-grouping"),
        (("list", "--case", "2026-9"), 4, "No case 2026-9"),
        (("show", "99", *CASE), 2, "No group 99"),
        (("merge", "1", *CASE), 2, "two or more groups"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    home: SimpleNamespace, command: tuple[str, ...], code: int, words: str
) -> None:
    done = home.nightreel("groups", *command)
    assert (done.code, len(done.said)) == (code, 1)
    assert words in done.said[0]
