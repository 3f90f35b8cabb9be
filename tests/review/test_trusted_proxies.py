"""Whose word on a client's address is taken: requests from several addresses of the loopback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rows import NOW
from visiting import House, house_over, log_in, token_in

from errors import WrongUsage
from settings import Settings, load_settings
from storage.access.accounts import Role
from storage.database.database import connect

PROXY, FARTHER, STRANGER = "127.0.0.2", "127.0.8.3", "127.0.0.9"
GUESSER, COLLEAGUE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def house(sqlite_model: Path, tmp_path: Path) -> Iterator[House]:
    """A site behind the configured proxies PROXY and FARTHER, with the account ann."""
    shutil.copy(sqlite_model, tmp_path / "nightreel.db")
    database = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    trusted = Settings(trusted_proxies=f"{PROXY}, 127.0.8.0/24").trusted_proxy_list
    with house_over(database, tmp_path, NOW, trusted_proxies=trusted) as house:
        house.open_account("ann", Role.ANALYST)
        yield house
    database.dispose()


def through(house: House, peer: str) -> httpx.Client:
    """A browser whose connections come from this address."""
    transport = httpx.HTTPTransport(local_address=peer)
    house.browsers.append(httpx.Client(base_url=house.address, transport=transport, timeout=30))
    return house.browsers[-1]


def guess_fifty_times(browser: httpx.Client, forwarded: str) -> None:
    """Each time at another account; `%d` in the header becomes the number of the try."""
    form = {"form_token": token_in(browser.get("/login").text), "password": "a guess"}
    for number in range(50):
        headers = {"x-forwarded-for": forwarded.replace("%d", str(number))}
        answer = browser.post("/login", data=form | {"name": f"no-{number}"}, headers=headers)
        assert answer.status_code == 401


def status_for(browser: httpx.Client, forwarded: str) -> int:
    """How the right name and password are answered."""
    answer: int = log_in(browser, "ann", **{"x-forwarded-for": forwarded}).status_code
    return answer


def test_fifty_wrong_passwords_through_the_proxy_shut_out_their_sender_alone(house: House) -> None:
    proxy = through(house, PROXY)
    guess_fifty_times(proxy, GUESSER)
    assert status_for(proxy, GUESSER) == 429
    assert status_for(proxy, COLLEAGUE) == 303


def test_an_address_that_a_proxy_did_not_add_itself_is_not_believed(house: House) -> None:
    proxy = through(house, PROXY)
    guess_fifty_times(proxy, f"198.51.100.%d, {GUESSER}")
    assert status_for(proxy, f"198.51.100.99, {GUESSER}") == 429
    assert status_for(proxy, f"{GUESSER}, {COLLEAGUE}") == 303


def test_in_a_chain_of_proxies_the_rightmost_address_of_none_counts(house: House) -> None:
    proxy = through(house, PROXY)
    guess_fifty_times(proxy, f"198.51.100.%d, {GUESSER}, {FARTHER}")
    assert status_for(proxy, f"{GUESSER}, {FARTHER}") == 429
    assert status_for(proxy, f"{COLLEAGUE}, {FARTHER}") == 303


def test_who_is_not_the_configured_proxy_cannot_choose_an_address(house: House) -> None:
    stranger = through(house, STRANGER)
    guess_fifty_times(stranger, "198.51.100.%d")
    assert status_for(stranger, COLLEAGUE) == 429
    assert status_for(through(house, PROXY), COLLEAGUE) == 303


def test_proxies_of_this_machine_alone_are_believed_unless_others_are_named() -> None:
    assert Settings().trusted_proxy_list == ["127.0.0.1", "::1"]
    assert Settings(trusted_proxies="").trusted_proxy_list == []


@pytest.mark.parametrize("proxies", ["*", "proxy", "10.0.0.5/8", "0.0.0.0/0", "::/0", "10.1.2"])
def test_what_is_no_proxy_is_refused(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("NIGHTREEL_TRUSTED_PROXIES", f"127.0.0.1, {proxies}")
        with pytest.raises(WrongUsage, match=r"^NIGHTREEL_TRUSTED_PROXIES cannot .* by commas\.$"):
            load_settings()
