"""Every output shows the columns of its list, with the same values: none drifts."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from command_line import Nightreel
from painted import RED, paint_photo
from staged import PLAN, stage
from test_case_pages import support
from test_imported_pages import cut_from_the_gate
from visiting import House

from cli.output import table_of
from pipeline.act import Caller
from pipeline.judging.listed import Listed, each_listed
from pipeline.judging.review import Rules
from report.column import Column, elsewhere, headed, plain
from report.columns import APPEARANCE, CANDIDATE, HIT, MEMBER, PACKAGED, SIGHT
from report.gather import gather
from report.report import render
from report.table_files import cell
from storage.access.accounts import Role
from storage.database.database import reading
from storage.jobs.listing import all_analyses
from storage.results.candidates import candidates

OF_CASE = ("--case", "2026-117")
LINKS = {"pictures", "clip"}
"""What the API has instead of the names of crops."""


@pytest.fixture(scope="module")
def told(shared_house: House, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A case whose candidates leave no column empty, and what every output says of them."""
    house, folder = shared_house, tmp_path_factory.mktemp("told")
    case_id = stage(house, folder / "footage")
    red = paint_photo(folder / "footage" / "cut.png", RED, side=120)
    cut_from_the_gate(house, folder)
    support(house, case_id, Rules())
    nightreel = Nightreel(folder / "home").with_settings(
        database_url=house.site.database.url.render_as_string(hide_password=False)
    )
    analyst, reviewer = (
        house.program(*roles) for roles in ((Role.ANALYST, Role.SUPERVISOR), (Role.REVIEWER,))
    )
    api = f"/api/v1/cases/{case_id}"
    photo = red.read_bytes()
    visitor = house.visit_as(Role.ANALYST, Role.SUPERVISOR)
    with reading(house.site.database) as session:
        analyses = all_analyses(session)
        found = list(each_listed(session, case_id, candidates(session)))
    exported = {}
    for what, form in (
        ("candidates", "jsonl"),
        ("candidates", "parquet"),
        ("appearances", "jsonl"),
    ):
        exported[what, form] = folder / f"{what}.{form}"
        done = nightreel("export", exported[what, form], "--what", what, *OF_CASE)
        assert done.code == 0, done.err
    package = visitor.post(f"/cases/{case_id}/export").content
    report = gather(
        Caller(house.site.database, "uid:1", house.clock()), case_id, analyses, refused=(),
        plan=PLAN, engine=house.site.context.engine_for(PLAN), media=house.site.context.media,
    )  # fmt: skip
    first = found[0].row.key
    return SimpleNamespace(
        found=found,
        exported=exported,
        package=zipfile.ZipFile(io.BytesIO(package)),
        report=render(report),
        json=nightreel("candidates", *OF_CASE, "--json").document["candidates"],
        csv=nightreel("candidates", *OF_CASE, "--csv").out,
        table=nightreel("candidates", *OF_CASE).out,
        api=analyst.get(f"{api}/candidates").json()["candidates"],
        one=analyst.get(f"{api}/candidates/{first.person_id}/{first.appearance_id}").json(),
        page=visitor.get(f"/cases/{case_id}/candidates").text,
        one_page=visitor.get(
            f"/cases/{case_id}/candidates/{first.person_id}/{first.appearance_id}"
        ).text,
        search=nightreel("search", red, *OF_CASE, "--json").document["recordings"],
        search_csv=nightreel("search", red, *OF_CASE, "--csv").out,
        search_api=analyst.post(f"{api}/search", files={"photos": photo}).json()["hits"],
        search_page=visitor.post(
            "/search", data={"case": case_id}, files={"photos": ("red.png", photo)}
        ).text,
        groups=analyst.post(f"{api}/groups/make").json()["groups"],
        members=analyst.get(f"{api}/groups/1").json()["members"],
        group=nightreel("groups", "show", "1", *OF_CASE, "--json").document,
        view=reviewer.get(f"/api/v1/review/{case_id}/1/2").json(),
        sight_page=house.visit_as(Role.REVIEWER).get(f"/review/{case_id}/1/2").text,
    )


def names(columns: Sequence[Column]) -> list[str]:
    return [one.name for one in columns]


def values(found: Sequence[Listed], columns: Sequence[Column] = CANDIDATE) -> list[dict[str, Any]]:
    return [plain(columns, one) for one in found]


def in_utc(row: dict[str, Any]) -> dict[str, Any]:
    """Moments may be written with Z or with +00:00."""
    at = row["imported_at"]
    return row | {"imported_at": at and datetime.fromisoformat(at).astimezone(UTC)}


def words(html: str) -> str:
    """What a piece of a page shows."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def table_in(page: str) -> list[list[str]]:
    """The cells of a page's table of candidates, its head first."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    begin = next(n for n, row in enumerate(cells) if row[0].lower() == "person")
    width = len(cells[begin])
    return [[words(one) for one in row] for row in cells[begin:] if len(row) == width]


def texts(found: Sequence[Listed]) -> list[list[str]]:
    """What tables for people show."""
    return [[" ".join(one.text(row).split()) for one in headed(CANDIDATE, found)] for row in found]


def headings(found: Sequence[Listed]) -> list[str]:
    return [one.heading for one in headed(CANDIDATE, found)]


def test_no_column_of_the_candidates_is_empty(told: SimpleNamespace) -> None:
    """Else the other tests would not see a column that an output lacks."""
    assert all(
        any(row[name] not in (None, "") for row in values(told.found)) for name in names(CANDIDATE)
    )


def test_json_and_csv_show_them(told: SimpleNamespace) -> None:
    assert told.json == values(told.found)
    rows = list(csv.reader(io.StringIO(told.csv)))
    shown = [[cell(value) for value in row.values()] for row in values(told.found)]
    assert rows[0] == names(CANDIDATE)
    assert rows[1:] == [["" if one is None else str(one) for one in row] for row in shown]


def test_exported_files_show_them(told: SimpleNamespace) -> None:
    lines = told.exported["candidates", "jsonl"].read_text().splitlines()
    assert list(map(json.loads, lines)) == values(told.found)
    parquet = pytest.importorskip("pyarrow.parquet").read_table(
        told.exported["candidates", "parquet"]
    )
    assert parquet.schema.names == names(CANDIDATE)
    assert parquet.to_pylist() == values(told.found)
    types = dict(zip(parquet.schema.names, map(str, parquet.schema.types), strict=True))
    assert (types["rank"], types["distance"], types["person"]) == ("int64", "double", "string")
    assert types["box"] == "list<element: int32>"


def test_the_api_shows_them(told: SimpleNamespace) -> None:
    shown = [{k: v for k, v in row.items() if k not in LINKS} for row in told.api]
    expected = {
        row["appearance_id"]: in_utc(row) for row in values(told.found, elsewhere(CANDIDATE))
    }
    assert {row["appearance_id"]: in_utc(row) for row in shown} == expected
    assert all(row.keys() >= LINKS for row in told.api)
    own = {*LINKS, "verdicts", "earlier_verdicts", "calibration", "override"}
    one = {k: v for k, v in told.one.items() if k not in own}
    assert in_utc(one) == expected[one["appearance_id"]]


def test_a_package_shows_them(told: SimpleNamespace) -> None:
    rows = json.loads(told.package.read("candidates.json"))
    shared = names(elsewhere(CANDIDATE))
    assert [{name: row[name] for name in shared} for row in rows] == values(
        told.found, elsewhere(CANDIDATE)
    )
    assert {*rows[0]} == {*names(PACKAGED), "verdicts", "earlier_verdicts"}
    lines = told.package.read("candidates.csv").decode()
    assert next(csv.reader(io.StringIO(lines))) == names(PACKAGED)


def test_the_command_lines_table_shows_them(told: SimpleNamespace) -> None:
    made = table_of("", CANDIDATE, told.found)
    assert [one.header for one in made.columns] == headings(told.found)
    assert all(word in told.table for one in headings(told.found) for word in one.split())
    columns = [[" ".join(str(cell).split()) for cell in one.cells] for one in made.columns]
    assert [list(row) for row in zip(*columns, strict=True)] == texts(told.found)


def test_the_page_and_the_statement_show_them(told: SimpleNamespace) -> None:
    statement = told.package.read("statement.html").decode()
    assert table_in(told.page) == [
        [one.capitalize() for one in headings(told.found)],
        *texts(told.found),
    ]
    assert table_in(statement) == [headings(told.found), *texts(told.found)]


def test_the_page_of_one_candidate_shows_them(told: SimpleNamespace) -> None:
    one = told.found[0]
    for column in headed(CANDIDATE, [one]):
        assert f"{column.heading.capitalize()} {column.text(one)}" in words(told.one_page)


def test_the_report_shows_them(told: SimpleNamespace) -> None:
    report = words(told.report).lower()
    for row in texts(told.found):
        assert all(text.lower() in report for text in row)


def test_hits_are_shown_alike(told: SimpleNamespace) -> None:
    hits = [hit for recording in told.search for hit in recording["appearances"]]
    assert len(hits) == 4
    assert [[*hit] for hit in hits] == [names(HIT)] * 4
    assert next(csv.reader(io.StringIO(told.search_csv))) == names(HIT)
    assert [{*hit} for hit in told.search_api] == [{*names(elsewhere(HIT)), "pictures"}] * 4
    shown = words(told.search_page)
    for heading in (one.heading for one in HIT if one.heading and one.name != "recording"):
        assert heading.capitalize() in shown


def test_members_and_review_items_are_shown_alike(told: SimpleNamespace) -> None:
    assert [[*one] for one in told.group] == [names(MEMBER)] * len(told.members)
    assert {*told.members[0]} == {*names(elsewhere(MEMBER)), "picture"}
    own = {"person_id", "person", "below_floor", "pictures", "references", "clip", "own_decision"}
    own |= {"shown"}
    assert {*told.view} == {*names(elsewhere(SIGHT)), *own}
    shown = words(told.sight_page)
    for heading in ("Recording", "From", "To", "Best at", "Quality"):
        assert heading in shown


def test_exported_appearances_have_their_columns(told: SimpleNamespace) -> None:
    lines = told.exported["appearances", "jsonl"].read_text().splitlines()
    assert [[*json.loads(line)] for line in lines] == [names(APPEARANCE)] * len(lines)
