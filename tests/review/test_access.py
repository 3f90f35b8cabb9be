"""Every route with every role: who is let in, and who is not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount
from visiting import House

from review.access import ACCESS, PUBLIC
from review.app import ROUTERS, create_app
from review.guard import names_of, router
from storage.access import accounts
from storage.access.accounts import Role
from storage.database.database import writing

NO_ROLE = "no role for this"


def routes() -> Iterator[str]:
    """Method and path of every route there is."""
    for each in ROUTERS:
        for route in each.routes:
            assert isinstance(route, APIRoute)
            yield from names_of(route)


def ask(browser: httpx.Client, name: str) -> tuple[int, str]:
    """Ask for a route, with 1 for whatever is to be filled in; returns status and text."""
    method, path = name.split(" ")
    parts = ["1" if part.startswith("{") else part for part in path.split("/")]
    answer = browser.request(method, "/".join(parts))
    return answer.status_code, answer.text + answer.headers.get("location", "")


def test_the_table_has_every_route_and_no_other() -> None:
    assert sorted(routes()) == sorted(ACCESS)


def test_the_application_has_no_door_beside_the_guarded_ones(house: House) -> None:
    routes = create_app(house.site).routes
    beside = [route for route in routes if not hasattr(route, "original_router")]
    assert [(type(route), route.path) for route in beside] == [(Mount, "/static")]
    guarded = [route.original_router for route in routes if route not in beside]
    assert guarded == list(ROUTERS)


def test_a_route_without_a_declared_role_cannot_be_made() -> None:
    with pytest.raises(LookupError, match="GET /faces"):
        router("/faces").get("")(lambda: None)


@pytest.mark.parametrize("role", Role)
def test_each_role_is_let_in_where_the_table_says_only(house: House, role: Role) -> None:
    house.program(Role.UPLOADER, Role.AUDITOR)  # number 1, to be disabled and revoked
    wrong, program = [], house.program(role)
    for name in routes():
        caller = program if "/api/" in name else house.visit_as(role)
        status, text = ask(caller, name)
        refused = status == 403 and (NO_ROLE in text or name.startswith("HEAD"))
        if refused == (role in ACCESS[name].roles or ACCESS[name] == PUBLIC) or status == 500:
            wrong.append((name, status))
    assert wrong == []


def test_a_stranger_is_let_in_nowhere_but_at_the_door(house: House) -> None:
    for name in routes():
        status, text = ask(house.browser(), name)
        if not ACCESS[name].public:
            assert status in (303, 401), name
            assert "/login" in text or status == 401, name


def test_whoever_has_a_password_for_one_time_can_only_change_it(house: House) -> None:
    account = house.open_account("new", *Role, one_time=True)
    for name in routes():
        status, text = ask(house.visit(account), name)
        at_the_password = name.split(" ")[1] in ("/password", "/logout", "/login")
        if not (ACCESS[name].public or at_the_password):
            assert (status, text[-9:]) == (303, "/password") or status in (401, 403), name


def test_a_request_reads_the_clock_once(house: House) -> None:
    """What is allowed, what is done and what is recorded are of one moment."""
    program = house.program(*Role)
    for name in routes():
        asking = program if "/api/" in name else house.visit_as(*Role)
        before = house.clock.readings
        ask(asking, name)
        # The health of the queue has a clock of its own: it is shared by requests.
        at_most = 2 if "/queue" in name else 1
        assert house.clock.readings - before <= at_most, name


def test_a_disabled_account_is_a_stranger_at_once(house: House) -> None:
    account = house.open_account("gone", Role.OPERATOR)
    browser = house.visit(account)
    assert browser.get("/").status_code == 200
    with writing(house.site.database) as session:
        accounts.disable(session, "gone", house.clock())
    assert browser.get("/").headers["location"] == "/login"


def test_static_files_name_nobody(house: House) -> None:
    files = [path.name for path in (Path(__file__).parents[2] / "review/static").iterdir()]
    for name in files:
        assert house.browser().get(f"/static/{name}").status_code == 200
