"""Whatever a program does is in the audit log, under its token."""

from pathlib import Path
from typing import Any

import httpx
from painted import RED, Stay, paint, paint_photo
from test_uploads import hand_in
from visiting import House

from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading

CASE = "cases/1"
CANDIDATE = f"{CASE}/candidates/1/1"
REFERENCE = {"json": {"reference": "2026-117"}}
ACTS: list[tuple[Role, str, str, dict[str, Any], str]] = [
    (Role.ANALYST, "GET", "cases", {}, "case_viewed"),
    (Role.ANALYST, "GET", CASE, {}, "case_viewed"),
    (Role.ANALYST, "GET", f"{CASE}/people", {}, "case_viewed"),
    (Role.ANALYST, "GET", f"{CASE}/photos/1", {}, "crop_viewed"),
    (Role.ANALYST, "GET", f"{CASE}/candidates", {}, "candidates_viewed"),
    (Role.ANALYST, "GET", CANDIDATE, {}, "candidate_viewed"),
    (Role.ANALYST, "GET", f"{CANDIDATE}/references/1", {}, "crop_viewed"),
    (Role.ANALYST, "GET", f"{CANDIDATE}/clip.mp4", {}, "clip_viewed"),
    (Role.ANALYST, "GET", f"{CASE}/changes", {}, "candidates_viewed"),
    (Role.ANALYST, "GET", f"{CASE}/appearances/1/crops/0", {}, "crop_viewed"),
    (Role.ANALYST, "POST", f"{CASE}/groups/make", {}, "grouped"),
    (Role.ANALYST, "GET", f"{CASE}/groups/1/crops/1", {}, "crop_viewed"),
    (Role.ANALYST, "POST", f"{CASE}/footage", {"json": {"recording_id": 1}}, "recording_added"),
    (Role.REVIEWER, "GET", "review/1", {}, "candidate_viewed"),
    (
        Role.REVIEWER,
        "POST",
        "review/1/1/1/verdict",
        {"json": {"decision": "same"}},
        "verdict_given",
    ),
    (Role.REVIEWER, "DELETE", "review/1/1/1/verdict", {}, "verdict_undone"),
    (
        Role.SUPERVISOR,
        "POST",
        f"{CANDIDATE}/override",
        {"json": {"reason": "x"}},
        "quality_overridden",
    ),
    (Role.SUPERVISOR, "DELETE", f"{CASE}/decoys", {}, "setting_changed"),
    (Role.ANALYST, "DELETE", f"{CASE}/photos/1", {}, "person_withdrawn"),
    (Role.ANALYST, "DELETE", f"{CASE}/people/1", {}, "person_withdrawn"),
    (Role.ANALYST, "DELETE", f"{CASE}/footage/1", {}, "case_changed"),
    (Role.SUPERVISOR, "POST", f"{CASE}/close", {}, "case_closed"),
    (Role.ANALYST, "POST", f"{CASE}/groups/make", {}, "refused"),
    (Role.SUPERVISOR, "POST", f"{CASE}/purge", REFERENCE, "purged"),
    (Role.AUDITOR, "GET", "audit", {}, "audit_viewed"),
]


def last_of(house: House) -> tuple[str, str]:
    with reading(house.site.database) as session:
        last = list(entries(session))[-1]
    return last.action, last.actor


def test_every_act_of_a_program_is_in_the_log_under_its_token(staged_house: House) -> None:
    programs: dict[Role, httpx.Client] = {}
    tokens: dict[Role, str] = {}
    for role in (Role.ANALYST, Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR):
        programs[role] = staged_house.program(role)
        tokens[role] = f"token:{len(tokens) + 1}"
    for role, method, path, asked, action in ACTS:
        programs[role].request(method, f"/api/v1/{path}", **asked)
        assert last_of(staged_house) == (action, tokens[role]), (method, path)


def test_footage_is_in_the_log_under_the_token_that_handed_it_in(
    house: House, tmp_path: Path
) -> None:
    film = paint(tmp_path / "gate.mp4", 2, Stay(RED, 0, 1)).read_bytes()
    hand_in(house.program(Role.UPLOADER), film, at="/api/v1/uploads")
    house.importer.look_round()
    assert last_of(house) == ("recording_added", "token:1")


def test_enrolling_and_searching_are_in_the_log_under_the_token(
    staged_house: House, tmp_path: Path
) -> None:
    analyst = staged_house.program(Role.ANALYST)
    photo = paint_photo(tmp_path / "red.png", RED).read_bytes()
    for path, action in (("people", "person_enrolled"), ("search", "searched")):
        data = {"name": "Red"} if path == "people" else {}
        analyst.post(f"/api/v1/{CASE}/{path}", data=data, files={"photos": ("r.png", photo)})
        assert last_of(staged_house) == (action, "token:1")
    counted = staged_house.program(Role.AUDITOR).get("/api/v1/audit/searches").json()
    assert [(one["account"], one["lately"]) for one in counted] == [("program-analyst", 1)]
