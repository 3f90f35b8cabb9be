"""Footage for a case says at once if its recording time is missing, or keeps it out."""

from pathlib import Path

import pytest
from command_line import TERMS, Nightreel
from footage_factory import run_ffmpeg
from painted import RED, Stay, paint

BASIS = TERMS[: TERMS.index("--source")]
WINDOW = ("--from", "2026-03-01", "--to", "2026-03-02")
CASE = ("--case", "A-1")


@pytest.fixture
def film(nightreel: Nightreel, tmp_path: Path) -> Path:
    """A recording that says nothing of its time; case A-1 has a recording period."""
    nightreel("case", "open", "A-1", *BASIS, "--source", "added", *WINDOW)
    return paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2))


def test_footage_without_a_recording_time_is_told_when_it_is_added(
    nightreel: Nightreel, film: Path
) -> None:
    said = " ".join(nightreel("ingest", film, *CASE).err.split())
    assert "Nobody says when it was recorded" in said
    assert "--captured-at" in said
    dated = nightreel("ingest", film, *CASE, "--captured-at", "2026-03-01T09:00")
    assert "recorded" not in dated.err
    assert "recorded" not in nightreel("ingest", film).err


def test_a_date_of_the_file_that_keeps_it_out_is_told_when_it_is_added(
    nightreel: Nightreel, film: Path, tmp_path: Path
) -> None:
    dated = tmp_path / "dated.mp4"
    claim = "creation_time=2026-01-05T12:34:56Z"
    run_ffmpeg("-i", film, "-c", "copy", "-metadata", claim, dated)
    said = " ".join(nightreel("ingest", dated, *CASE).err.split())
    assert "The file says it was recorded 2026-01-05 12:34:56 UTC (“2026-01-05T12:34:56" in said
    assert "not compared" in said


def test_a_watched_folder_tells_it_too(nightreel: Nightreel, film: Path) -> None:
    (film.parent / "watched").mkdir()
    film.rename(film.parent / "watched" / film.name)
    quick = nightreel.with_settings(settle_seconds=1)
    said = " ".join(quick("watch", film.parent / "watched", "--once", *CASE).err.split())
    assert "Nobody says when it was recorded" in said
