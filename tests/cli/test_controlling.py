"""Jobs are paused, hurried, cancelled and forgotten by hand, singly or for a whole case."""

from pathlib import Path
from typing import Any

import pytest
from command_line import TERMS, Nightreel, unseen_copy


@pytest.fixture
def filled(nightreel: Nightreel, drawn_clip: Path, tmp_path: Path) -> Nightreel:
    """Job 1 of no case, job 2 of case 2026-1; nobody watches them."""
    assert nightreel("case", "open", "2026-1", *TERMS).code == 0
    for name, of_case in (("gate.mp4", ()), ("yard.mp4", ("--case", "2026-1"))):
        clip = unseen_copy(drawn_clip, tmp_path / name)
        assert nightreel("ingest", clip, *of_case).code == 0
    return nightreel


def jobs(nightreel: Nightreel) -> dict[int, dict[str, Any]]:
    return {job["job"]: job for job in nightreel("jobs", "list", "--json").document}


def test_a_case_is_paused_and_a_single_job_goes_on(filled: Nightreel) -> None:
    paused = filled("jobs", "pause", "--case", "2026-1")
    assert (paused.code, paused.said) == (0, ["Job 2: paused."])
    assert {job: row["paused"] for job, row in jobs(filled).items()} == {1: False, 2: True}

    resumed = filled("jobs", "resume", "--all")
    assert resumed.said[-2:] == ["Job 2: resumed.", "Job 1 is not paused; unchanged."]
    assert not jobs(filled)[2]["paused"]


def test_hurried_cancelled_retried_and_forgotten(filled: Nightreel) -> None:
    assert filled("jobs", "priority", "urgent", "2", "--any-time").code == 0
    assert filled("jobs", "cancel", "1").said == ["Job 1: cancelled."]
    shown = jobs(filled)
    assert [shown[job]["state"] for job in (1, 2)] == ["cancelled", "waiting"]
    assert (shown[2]["priority"], shown[2]["any_time"]) == ("urgent", True)

    assert filled("jobs", "retry", "1").said[-1] == "1 segments queued for retry."
    assert filled("jobs", "cancel", "2", "--purge").said == ["Job 2: deleted."]
    assert {job: row["state"] for job, row in jobs(filled).items()} == {1: "waiting"}


@pytest.mark.parametrize("command", [["pause"], ["cancel", "1", "--all"], ["retry", "77"]])
def test_what_names_no_jobs_changes_nothing(nightreel: Nightreel, command: list[str]) -> None:
    refused = nightreel("jobs", *command)
    assert refused.code == 2
    assert len(refused.said) == 1


def test_footage_for_a_case_that_is_not_there_is_refused(
    nightreel: Nightreel, drawn_clip: Path
) -> None:
    assert nightreel("ingest", drawn_clip, "--case", "2026-9").code == 4
    assert nightreel("jobs", "quarantined", "--case", "2026-9").code == 4
