"""Footage that was added twice is said to be the same, and a moment in it is counted once."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import Nightreel
from footage_factory import X264, draw, run_ffmpeg
from numpy.typing import NDArray
from painted import RED, paint_photo
from passers import Street
from test_listings import TERMS

from pipeline.analysis.match import match_analysis
from pipeline.analysis.overlaps import link_footage
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from settings import Settings
from storage.database.database import reading
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Request
from worker.resources import Resources

CUT_MS = 6_000


def pictures() -> Iterator[NDArray[np.uint8]]:
    """A street, and red in front of it from 12 s to 15 s."""
    moments = np.arange(0, 36, 0.1).tolist()
    for moment, street in zip(moments, Street(1, 40).pictures(moments), strict=True):
        picture = street.repeat(2, axis=0).repeat(2, axis=1)
        if 12 <= moment < 15:
            picture[60:180, 20:120] = RED
        yield picture


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A case that looks for red, who is seen once, in footage that was added twice."""
    folder = tmp_path_factory.mktemp("twice")
    nightreel = Nightreel(folder / "home")
    photo = paint_photo(folder / "red.png", RED)
    assert nightreel("case", "open", "2026-1", *TERMS).code == 0
    assert nightreel("enrol", "Red", photo, "--case", "2026-1").code == 0
    whole = draw(folder / "whole.mp4", pictures(), fps=10, options=X264)
    part = folder / "part.mkv"
    run_ffmpeg("-ss", f"{CUT_MS}ms", "-i", whole, "-c:v", "libx264", "-crf", "30", part)
    _process(Resources(Settings(home=folder / "home", engine="stub")), [whole, part])
    commands = {
        "json": ("candidates", "--case", "2026-1", "--json"),
        "csv": ("candidates", "--case", "2026-1", "--csv"),
        "table": ("candidates", "--case", "2026-1"),
        "search": ("search", photo, "--case", "2026-1", "--json"),
        "found": ("search", photo, "--case", "2026-1"),
        "job": ("jobs", "show", "2"),
        "seen": ("export", folder / "seen.parquet", "--what", "appearances"),
        "part": (
            "export",
            folder / "part.jsonl",
            "--what",
            "appearances",
            "--recording",
            part.name,
        ),
        "kept": ("export", folder / "kept.csv", "--what", "candidates", "--case", "2026-1"),
        "report": ("report", "--case", "2026-1", "-o", folder),
    }
    done = {name: nightreel(*command) for name, command in commands.items()}
    page = folder / "report.html"
    return SimpleNamespace(**done, page=page, folder=folder, nightreel=nightreel)


def _process(mine: Resources, films: list[Path]) -> None:
    for film in films:
        known = ingest_file(film, context=mine.context, plan=mine.plan, now=utc_now())
        with reading(mine.database) as session:
            segments = undispatched(session)
        for segment in segments:
            watch(segment, mine.context)
        link_footage(known.analysis_id, mine.context)
        match_analysis(known.analysis_id, mine.context)


def test_the_later_candidate_says_which_moment_it_repeats(home: SimpleNamespace) -> None:
    both = {one["recording"]: one for one in home.json.document["candidates"]}
    assert both["whole.mp4"]["same_as_recording"] is None
    assert both["part.mkv"]["same_as_recording"] == "whole.mp4"
    assert both["part.mkv"]["same_as_start_ms"] == both["whole.mp4"]["start_ms"] == 12_000
    rows = {one["recording"]: one for one in csv.DictReader(home.csv.out.splitlines())}
    assert rows["part.mkv"]["same_as_start_ms"] == "12000"
    assert rows["whole.mp4"]["same_as_recording"] == ""


def test_the_offset_is_said_to_a_tenth_of_a_second(home: SimpleNamespace) -> None:
    [link] = home.json.document["same_footage"]
    assert (link["recording"], link["same_as_recording"]) == ("part.mkv", "whole.mp4")
    assert abs(link["offset_ms"] - CUT_MS) <= 100
    assert link["end_ms"] - link["start_ms"] > 25_000
    for told in (home.table.out, home.job.out):
        assert "The same footage" in told and "0:00:06." in told


def test_candidates_are_all_shown_and_counted_once(home: SimpleNamespace) -> None:
    assert "2 candidates, 1 different moment" in home.table.out
    assert re.search(r"same moment as.*rank \d", home.table.out, re.S)
    assert "2 candidates, 1 different moment" in home.found.out


def test_a_search_says_it_too(home: SimpleNamespace) -> None:
    hits = {one["name"]: one["appearances"][0] for one in home.search.document["recordings"]}
    assert hits["part.mkv"]["same_as_recording"] == "whole.mp4"
    assert hits["whole.mp4"]["same_as_start_ms"] is None


def test_the_report_says_it_too(home: SimpleNamespace) -> None:
    page = home.page.read_text()
    assert "2 candidates (1 different moment)" in page
    assert "this footage was added more than once" in page
    assert "Same footage as <bdi>whole.mp4</bdi>" in page


def test_an_exported_candidate_says_which_moment_it_repeats(home: SimpleNamespace) -> None:
    with (home.folder / "kept.csv").open(newline="") as text:
        assert list(csv.reader(text)) == list(csv.reader(home.csv.out.splitlines()))


def test_an_exported_appearance_says_which_stretch_it_repeats(home: SimpleNamespace) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(home.folder / "seen.parquet").to_pylist()
    said = {one["recording"]: (one["same_as_recording"], one["same_as_start_ms"]) for one in rows}
    assert said["whole.mp4"] == (None, None)
    recording, start_ms = said["part.mkv"]
    assert recording == "whole.mp4"
    assert abs(start_ms - 12_000) <= 200
    assert sum(one["same_as_recording"] is None for one in rows) == 1


def test_an_export_names_no_recording_that_is_not_in_it(home: SimpleNamespace) -> None:
    (row,) = map(json.loads, (home.folder / "part.jsonl").read_text().splitlines())
    assert (row["recording"], row["same_as_recording"]) == ("part.mkv", None)


def test_a_face_that_others_cut_says_that_it_was_seen_when_watched_too(
    home: SimpleNamespace, tmp_path: Path
) -> None:
    """After all others: what it imports is a candidate from then on."""
    mine = Resources(Settings(home=home.folder / "home", engine="stub"))
    film, of_case = home.folder / "whole.mp4", Request(case_id=1)
    ingest_file(film, context=mine.context, plan=mine.plan, now=utc_now(), request=of_case)
    table = tmp_path / "faces.csv"
    table.write_text("file,recording,time\nred.png,whole.mp4,0:00:13")
    cut = ("import", home.folder, table, "--case", "2026-1", "--cut-by", "Cutter 3", "--json")
    for analysis in home.nightreel(*cut).document["analyses"]:
        match_analysis(analysis, mine.context)
    listed = home.nightreel("candidates", "--case", "2026-1")
    assert "3 candidates, 1 different moment" in listed.out
    assert (
        re.search(r"same moment as.*rank \d", listed.out, re.S)
        and "cropped by Cutter 3" in listed.out
    )
    document = home.nightreel("candidates", "--case", "2026-1", "--json").document
    [imported] = [one for one in document["candidates"] if one["cut_by"]]
    assert (imported["same_as_recording"], imported["same_as_start_ms"]) == ("whole.mp4", 12_000)
    home.nightreel("report", "--case", "2026-1", "-o", tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "the recording was also processed here" in page
