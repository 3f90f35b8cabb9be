"""What those see who run the machine, and those who read the log."""

import json

import pytest
from rows import PLAN, TERMS, found, segments
from sqlalchemy import text
from visiting import House

from storage.access.accounts import Role
from storage.access.audit import Action, entries
from storage.cases import case_terms
from storage.database.database import reading, writing
from storage.jobs.recordings import add
from storage.jobs.workers import report

SECRET = "Jane Doe at gate 7"


def actions(house: House) -> list[str]:
    """What was done, in order."""
    with reading(house.site.database) as session:
        return [entry.action for entry in entries(session)]


def test_the_operator_sees_counts_and_no_name(house: House) -> None:
    with writing(house.site.database) as session:
        add(
            session,
            found(path=f"/footage/{SECRET}.mp4"),
            **PLAN,
            segments=segments(),
            now=house.clock(),
        )
    text = house.visit_as(Role.OPERATOR).get("/queue").text
    assert "waiting</dt><dd>3" in text
    assert "Jane" not in text


def test_the_operator_is_led_to_flower_and_the_supervisor_is_not(house: House) -> None:
    assert "Flower" in house.visit_as(Role.OPERATOR).get("/queue").text
    assert "Flower" not in house.visit_as(Role.SUPERVISOR).get("/queue").text


def test_workers_of_other_machines_are_counted(house: House) -> None:
    with writing(house.site.database) as session:
        report(session, "one", "worker-1", 2, house.clock())
        report(session, "two", "worker-2", 2, house.clock())
    operator = house.visit_as(Role.OPERATOR)
    assert "4 processes on 2 machines" in operator.get("/queue").text
    house.clock.pass_by(seconds=61)
    assert "none has reported" in operator.get("/queue/state").text


def test_where_no_service_runs_the_page_does_not_speak_of_nightreel_up(house: House) -> None:
    shown = house.visit_as(Role.OPERATOR).get("/queue").text
    assert "FLOWER_PASSWORD" in shown
    assert "not running" not in shown


def test_looking_at_the_queue_does_not_keep_one_logged_in(house: House) -> None:
    browser = house.visit_as(Role.OPERATOR)
    for _ in range(3):
        house.clock.pass_by(minutes=10)
        last = browser.get("/queue/state")
    assert last.status_code == 303


def test_a_trouble_is_said_in_a_sentence(house: House) -> None:
    with writing(house.site.database) as session:
        add(session, found(), **PLAN, segments=segments(), now=house.clock())
    house.clock.pass_by(minutes=10)
    assert "No worker activity for 10 min" in house.visit_as(Role.OPERATOR).get("/queue").text


def test_reading_the_log_is_in_the_log(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    auditor.get("/audit")
    assert "audit viewed" in auditor.get("/audit").text
    assert actions(house) == ["audit_viewed", "audit_viewed"]


def test_the_log_is_filtered_by_case_and_by_what_was_done(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    with writing(house.site.database) as session:
        case = case_terms.open_case(session, reference="2026-1", now=house.clock(), **TERMS)
    house.note("uid:0", Action.CASE_OPENED, case.id)
    house.note("worker", Action.MATCHED, case.id + 1)
    rows = auditor.get("/audit", params={"case": "2026-1"}).text.partition("<tbody>")[2]
    assert "case opened" in rows and "matched" not in rows
    rows = auditor.get("/audit", params={"action": "matched"}).text.partition("<tbody>")[2]
    assert "matched" in rows and "case opened" not in rows
    assert "No entries" in auditor.get("/audit", params={"case": "nobody's"}).text


def test_a_whole_log_is_found_whole_and_a_changed_one_is_not(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    assert "Log verified" in auditor.post("/audit/check").text
    with writing(house.site.database) as session:
        session.connection().execute(text("drop trigger audit_entry_no_update"))
        session.connection().execute(text("update audit_entry set actor = 'uid:7'"))
    assert "failed at entry 1" in auditor.post("/audit/check").text


def test_an_export_has_every_entry_as_a_line(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    auditor.get("/audit")
    answer = auditor.get("/audit/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["action"] for line in lines] == ["audit_viewed", "audit_exported"]
    assert "attachment" in answer.headers["content-disposition"]


def test_a_checkpoint_is_signed_and_the_log_is_held_against_it(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    auditor.get("/audit")
    made = auditor.post("/audit/checkpoint").json()
    assert (made["count"], len(made["signature"])) == (1, 128)
    assert "1 signed checkpoint agrees." in auditor.post("/audit/check").text
    assert actions(house) == ["audit_viewed", "audit_exported", "audit_viewed"]


def test_a_long_log_is_shown_a_page_at_a_time(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    for _ in range(150):
        house.note("worker", Action.MATCHED)
    first = auditor.get("/audit").text
    assert first.count("matched</td>") == 100
    assert "before=51" in first
    assert auditor.get("/audit", params={"before": 51}).text.count("matched</td>") == 50


@pytest.mark.parametrize("path", ["/audit?before=0", "/audit?before=x", "/recordings?first=-1"])
def test_a_number_that_cannot_be_is_a_calm_page(house: House, path: str) -> None:
    answer = house.visit_as(*Role).get(path)
    assert answer.status_code == 422
    assert "Invalid value" in answer.text


def test_who_searches_far_more_than_usual_is_marked(house: House) -> None:
    auditor = house.visit_as(Role.AUDITOR)
    assert "Search activity by user" not in auditor.get("/audit").text
    for _ in range(20):
        house.note("uid:7", Action.SEARCHED)
    text = auditor.get("/audit").text
    assert "<td>uid:7</td>" in text
    assert "unusually many" in text
