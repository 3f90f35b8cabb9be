"""The API: what it says of itself is so."""

from html import unescape

import httpx
import jsonschema_rs
import pytest
from visiting import House

from storage.access.accounts import Role


def test_a_token_says_whom_it_acts_for(house: House) -> None:
    answer = house.program(Role.ANALYST, Role.UPLOADER).get("/api/v1/me")
    assert answer.json()["roles"] == ["analyst", "uploader"]


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer nr_guess"}, {"authorization": "x"}]
)
def test_without_a_good_token_nothing_is_told(house: House, header: dict[str, str]) -> None:
    answer = httpx.get(f"{house.address}/api/v1/me", headers=header)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"detail": "Missing or invalid token."}


def test_a_session_counts_for_nothing_in_the_api(house: House) -> None:
    assert house.visit_as(Role.ANALYST).get("/api/v1/me").status_code == 401


def test_a_token_counts_for_nothing_on_the_pages(house: House) -> None:
    assert house.program(Role.ANALYST).get("/recordings").status_code == 303


def test_a_token_without_the_role_is_refused_in_json(house: House) -> None:
    answer = house.program(Role.OPERATOR).get("/api/v1/recordings")
    assert answer.status_code == 403
    assert "no role" in answer.json()["detail"]


def test_an_act_of_a_program_is_in_the_log_under_its_token(house: House) -> None:
    auditor = house.program(Role.AUDITOR)
    auditor.get("/api/v1/audit")
    assert auditor.get("/api/v1/audit").json()["entries"][0]["actor"] == "token:1"


def test_the_description_names_the_roles_of_every_operation(house: House) -> None:
    described = httpx.get(f"{house.address}/api/v1/openapi.json").json()
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) > 12
    assert all(one["x-roles"] and "Roles: " in one["description"] for one in operations)
    assert all("422" not in one["responses"] or "Said" in str(one) for one in operations)


def test_generated_clients_have_names_that_can_be_said(house: House) -> None:
    described = httpx.get(f"{house.address}/api/v1/openapi.json").json()
    names = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)
    assert {"cases_open_case", "review_give_verdict", "search_search"} <= set(names)


def test_the_description_can_be_read_offline(house: House) -> None:
    page = house.browser().get("/api/v1/docs").text
    assert "GET /api/v1/recordings/{analysis_id}" in page
    assert "://" not in page


def test_every_answer_that_is_no_is_described_with_one_shape(house: House) -> None:
    described = httpx.get(f"{house.address}/api/v1/openapi.json").json()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            errors = {s: one for s, one in operation["responses"].items() if s >= "400"}
            shapes = [str(one["content"]) for s, one in errors.items() if s != "416"]
            assert all("schemas/Said" in shape for shape in shapes), path
            assert {"401", "403", "422"} <= errors.keys()
            assert "{case_id}" not in path or {"410", "423"} <= errors.keys()


def test_every_operation_stands_under_a_noun_that_is_explained(house: House) -> None:
    described = httpx.get(f"{house.address}/api/v1/openapi.json").json()
    nouns = [tag["name"] for tag in described["tags"]]
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert {one["tags"][0] for one in operations} == set(nouns)
    shown = unescape(house.browser().get("/api/v1/docs").text)
    assert all(f'<h2 id="{noun}">' in shown for noun in nouns)
    assert '"decision": "same"' in shown


def test_every_example_is_as_its_schema_says(house: House) -> None:
    described = httpx.get(f"{house.address}/api/v1/openapi.json").json()
    checked = 0
    for operations in described["paths"].values():
        for operation in operations.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for about in body.get("content", {}).values():
                    if "example" not in about:
                        continue
                    schema = about["schema"] | {"components": described["components"]}
                    jsonschema_rs.validate(schema, about["example"])
                    checked += 1
    assert checked > 100


def test_a_parameter_that_nobody_asked_for_is_refused(house: House) -> None:
    answer = house.program(Role.ANALYST).get("/api/v1/cases?page=2")
    assert (answer.status_code, "Unknown parameter" in answer.json()["detail"]) == (400, True)


def test_recordings_and_the_log_come_a_piece_at_a_time(house: House) -> None:
    auditor = house.program(Role.AUDITOR, Role.ANALYST)
    for _ in range(101):
        auditor.get("/api/v1/cases")
    newest = auditor.get("/api/v1/audit").json()
    older = auditor.get("/api/v1/audit", params={"cursor": newest["next"]}).json()
    positions = [one["position"] for one in newest["entries"] + older["entries"][-1:]]
    assert positions == list(range(101, 0, -1))
    assert auditor.get("/api/v1/recordings?cursor=-5").json() == {"recordings": [], "next": None}
