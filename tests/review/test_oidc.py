"""Logging in with an account of the organisation, from a real provider on loopback."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey
from provider import CLIENT, SECRET, Issuer, running_issuer
from rows import NOW
from visiting import House, house_over, served

from review.app import create_app
from review.oidc import roles_of
from review.site import Provider
from storage.access import accounts
from storage.access.accounts import Account, Role
from storage.database.database import connect, reading, writing

pytest.importorskip("httpx2")
MEANING = {"investigators": Role.ANALYST, "it-ops": Role.OPERATOR}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as made:
        made.claims = {"preferred_username": "Ann Ex", "groups": ["investigators", "football"]}
        yield made


@pytest.fixture
def house(issuer: Issuer, sqlite_model: Path, tmp_path: Path) -> Iterator[House]:
    """A site that takes the provider's word."""
    shutil.copy(sqlite_model, tmp_path / "nightreel.db")
    database = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    provider = Provider(issuer.address, CLIENT, SECRET, "groups", MEANING)
    with house_over(database, tmp_path, NOW, provider=provider) as house:
        yield house
    database.dispose()


def come_back(house: House, browser: httpx.Client, place: str = "/password") -> httpx.Response:
    """Go to the provider and back, as a browser does."""
    asked = browser.get("/login/provider", params={"next": place})
    assert asked.status_code == 302, asked.text
    granted = httpx.get(asked.headers["location"])
    answer = httpx.URL(granted.headers["location"])
    assert answer.path == "/login/provider/answer"
    return browser.get(f"{house.address}{answer.raw_path.decode()}")


def known(house: House) -> list[Account]:
    """Every account there is."""
    with reading(house.site.database) as session:
        return accounts.list_accounts(session)


def test_whom_the_provider_vouches_for_arrives_where_they_wanted_to(house: House) -> None:
    browser = house.browser()
    answer = come_back(house, browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/password")
    assert browser.get("/").status_code == 200
    (account,) = known(house)
    assert (account.name, account.roles) == ("ann-ex", {Role.ANALYST})


def test_the_second_login_is_the_same_account_with_todays_roles(
    house: House, issuer: Issuer
) -> None:
    come_back(house, house.browser())
    issuer.claims |= {"groups": ["it-ops"], "preferred_username": "married"}
    come_back(house, house.browser())
    (account,) = known(house)
    assert (account.name, account.roles) == ("ann-ex", {Role.OPERATOR})


def test_a_local_account_of_the_same_name_is_not_taken_over(house: House) -> None:
    house.open_account("ann-ex", Role.SUPERVISOR)
    come_back(house, house.browser())
    assert [one.name for one in known(house)] == ["ann-ex", "ann-ex-2"]
    assert known(house)[0].roles == {Role.SUPERVISOR}


def test_whom_the_claim_gives_no_role_is_not_let_in(house: House, issuer: Issuer) -> None:
    issuer.claims["groups"] = ["football"]
    browser = house.browser()
    assert come_back(house, browser).status_code == 403
    assert known(house) == []


def test_a_disabled_account_is_not_let_in(house: House) -> None:
    come_back(house, house.browser())
    with writing(house.site.database) as session:
        accounts.disable(session, "ann-ex", house.clock())
    assert come_back(house, house.browser()).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody else"},
        {"iss": "https://evil.example"},
        {"nonce": "of another login"},
        {"exp": 1_700_000_000, "iat": 1_699_999_000},
    ],
    ids=["audience", "issuer", "nonce", "time"],
)
def test_a_token_that_is_not_for_this_login_is_refused(
    house: House, issuer: Issuer, claims: dict[str, object]
) -> None:
    issuer.claims |= claims
    assert come_back(house, house.browser()).status_code == 403
    assert known(house) == []


def test_a_token_under_another_key_is_refused(house: House, issuer: Issuer) -> None:
    issuer.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    assert come_back(house, house.browser()).status_code == 403


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(house: House) -> None:
    mine, victim = house.browser(), house.browser()
    asked = mine.get("/login/provider")
    granted = httpx.get(asked.headers["location"]).headers["location"]
    path = httpx.URL(granted).raw_path.decode()
    assert victim.get(f"{house.address}{path}").status_code == 403
    assert victim.get("/").status_code == 303


def test_a_provider_that_is_away_is_said_so(house: House) -> None:
    away = replace(house.site.provider, issuer="http://127.0.0.1:1")

    with served(create_app(replace(house.site, provider=away))) as address:
        answer = httpx.get(f"{address}/login/provider", headers={"accept": "text/html"})
    assert (answer.status_code, "does not respond" in answer.text) == (502, True)


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        ("it-ops", {Role.OPERATOR}),
        (["it-ops", "investigators"], {Role.OPERATOR, Role.ANALYST}),
        ([], set()),
        ("analyst", set()),
    ],
)
def test_a_claim_means_what_the_settings_say(claim: object, roles: set[Role]) -> None:
    provider = Provider("", "", "", "groups", MEANING)
    assert roles_of({"groups": claim}, provider) == roles


def test_without_a_meaning_the_values_are_the_roles_names() -> None:
    assert roles_of({"roles": ["analyst", "king"]}, Provider("", "", "")) == {Role.ANALYST}
    assert roles_of({}, Provider("", "", "")) == set()
