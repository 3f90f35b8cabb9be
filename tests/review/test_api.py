"""The API: what it says of itself is so."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth
from visiting import House

from review.access import ACCESS, PUBLIC
from review.tus import STREAM
from storage.accounts import Role


def test_a_token_says_whom_it_acts_for(house: House) -> None:
    answer = house.program(Role.ANALYST, Role.UPLOADER).get("/api/v1/me")
    assert answer.json()["roles"] == ["analyst", "uploader"]


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer nr_guess"}, {"authorization": "x"}]
)
def test_without_a_good_token_nothing_is_told(house: House, header: dict[str, str]) -> None:
    answer = httpx.get(f"{house.address}/api/v1/me", headers=header)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"detail": "Give a token that is good."}


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


def test_the_description_can_be_read_offline(house: House) -> None:
    page = house.browser().get("/api/v1/docs").text
    assert "GET /api/v1/recordings/{analysis_id}" in page
    assert "://" not in page


OPERATIONS = [name for name in ACCESS if "/api/" in name and ACCESS[name] != PUBLIC]


@pytest.fixture(scope="module")
def described(shared_house: House) -> Any:
    """The API of a site with a little footage, for somebody with every role."""
    return schemathesis.openapi.from_url(f"{shared_house.address}/api/v1/openapi.json")


@pytest.fixture(scope="module")
def shared_token(shared_house: House) -> str:
    """May do everything."""
    return shared_house.program(*Role).headers["authorization"]


@schemathesis.serializer(STREAM)
def as_they_are(_: object, value: Any) -> Any:
    """The bytes of an upload."""
    return value


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_it_is_described(
    name: str, mode: GenerationMode, described: Any, shared_token: str
) -> None:
    method, path = name.split(" ")

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        # That a token is asked for, test_access.py shows; this check sends ours along.
        case.call_and_validate(
            headers={"authorization": shared_token, "tus-resumable": "1.0.0"},
            excluded_checks=[ignored_auth],
        )

    with suppress(Unsatisfiable):  # nothing can be wrong about a request that takes nothing
        holds()
