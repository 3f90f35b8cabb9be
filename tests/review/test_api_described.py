"""The API answers as it is described, whatever it is asked, in a case with footage and without."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from staged import stage
from visiting import House

from review.access import ACCESS, API_CASE, PUBLIC
from review.tus import STREAM
from storage.access.accounts import Role

THERE = {"case_id": 1, "person": 1, "appearance": 1, "photo": 1, "reference": 1, "place": 0}
THERE |= {"analysis_id": 1, "recording": 1, "group": 1, "account_id": 1, "token_id": 1}
"""What is there in the staged case: asked with it, a step is reached, and not a missing case."""
LAST = ("PATCH {case_id}", "DELETE {photo}", "DELETE {recording}", "DELETE {person}", "POST close")
"""What leaves nothing there for the others, the mildest first."""


def finality(name: str) -> int:
    """What is done for good comes after everything else."""
    method, path = name.split(" ")
    last = f"{method} {path.rpartition('/')[2]}"
    return LAST.index(last) if last in LAST else -1


OPERATIONS = sorted(
    (name for name in ACCESS if "/api/" in name and ACCESS[name] != PUBLIC), key=finality
)
UNFIT = {f"POST {API_CASE}/search": [ignored_auth, positive_data_acceptance]}
"""That a token is asked for, test_access.py shows, and this check sends ours along; and no bytes
that are made up are a picture of a face."""
ACCEPTED = ["2xx", "400", "401", "403", "404", "409", "410", "413", "423"]
"""What may be said to values that are as described: a sentence of the step's own, not 422."""


@pytest.fixture(scope="module")
def described(shared_house: House, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The API of a site with a case and its candidates."""
    stage(shared_house, tmp_path_factory.mktemp("footage"))
    shared_house.program(Role.UPLOADER)  # account and token 1, to be disabled and revoked
    checks = {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}
    config = schemathesis.Config.from_dict({"checks": checks})
    address = f"{shared_house.address}/api/v1/openapi.json"
    return schemathesis.openapi.from_url(address, config=config)


@pytest.fixture(scope="module")
def token(shared_house: House) -> str:
    """May do everything."""
    return shared_house.program(*Role).headers["authorization"]


@schemathesis.serializer(STREAM)
def as_they_are(_: object, value: Any) -> Any:
    """The bytes of an upload."""
    return value


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_it_is_described(
    name: str, mode: GenerationMode, described: Any, token: str
) -> None:
    method, path = name.split(" ")

    @settings(
        max_examples=3,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            asked = case.path_parameters
            asked |= {one: THERE[one] for one in asked if one in THERE}
        case.call_and_validate(
            headers={"authorization": token, "tus-resumable": "1.0.0"},
            excluded_checks=UNFIT.get(name, [ignored_auth]),
        )

    with suppress(Unsatisfiable):  # nothing can be wrong about a request that takes nothing
        holds()
