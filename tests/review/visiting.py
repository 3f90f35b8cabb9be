"""A site on a database, served as in production, and the browsers that visit it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from sealing import sealed
from waiting import wait_until

from faces.engines.stub import StubEngine
from footage.executables import choose
from footage.guards import Decoder
from monitor.health import Expectations, judge
from monitor.snapshots import Snapshot
from pipeline.act import Caller
from pipeline.context import Context
from pipeline.intake.receive import Inbox
from pipeline.plan import Plan
from pipeline.planning.windows import Windows
from review.app import create_app
from review.serve import server_for
from review.sessions import form_token_of
from review.site import Site
from review.upload_importer import UploadImporter
from storage.access import accounts, tokens, web_sessions
from storage.access.accounts import Account, Role
from storage.access.audit import Action
from storage.access.passwords import hash_password
from storage.database.database import Engine, reading, writing
from storage.jobs.vitals import vitals

PASSWORD = "correct horse battery"


@cache
def kept_password() -> str:
    """The hash of a password, computed once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass
class Clock:
    """A clock that stands still unless it is moved."""

    now: datetime
    readings: int = 0
    """How often the clock was read."""

    def __call__(self) -> datetime:
        self.readings += 1
        return self.now

    def pass_by(self, **span: float) -> None:
        """Move the clock forward."""
        self.now += timedelta(**span)


@dataclass
class House:
    """A served site, and its clock."""

    site: Site
    clock: Clock
    address: str
    """Where it is served."""
    importer: UploadImporter
    """Imports uploads only when a test calls it."""
    browsers: list[httpx.Client] = field(default_factory=list)

    def open_account(
        self, name: str, *roles: Role, one_time: bool = False, password_hash: str = ""
    ) -> Account:
        """An account with PASSWORD."""
        kept = password_hash or kept_password()
        with writing(self.site.database) as session:
            accounts.add_account(
                session, name=name, roles=roles, password_hash=kept, now=self.clock()
            )
            accounts.set_password(session, name, kept, one_time=one_time)
            return accounts.find_account(session, name)

    def note(self, actor: str, action: Action, case_id: int | None = None, **objects: int) -> None:
        """An entry of the audit log."""
        Caller(self.site.database, actor, self.clock()).act(action).note(case_id, **objects)

    def browser(self) -> httpx.Client:
        """A browser that is not logged in."""
        headers = {"accept": "text/html"}
        self.browsers.append(
            httpx.Client(base_url=self.address, headers=headers, timeout=30, verify=False)
        )
        return self.browsers[-1]

    def visit(self, account: Account) -> httpx.Client:
        """A browser that is logged in and sends its form token as htmx does."""
        with writing(self.site.database) as session:
            token = web_sessions.begin(session, account.id, self.clock())
        browser = self.browser()
        browser.cookies.set("nightreel", token)
        browser.headers["x-form-token"] = form_token_of(token)
        return browser

    def program(self, *roles: Role, name: str = "") -> httpx.Client:
        """A program with a token for these roles, of its own account or of the named one."""
        account, now = name or "-".join(["program", *roles]), self.clock()
        with reading(self.site.database) as session:
            known = {one.name for one in accounts.list_accounts(session)}
        if account not in known:
            self.open_account(account, *roles)
        with writing(self.site.database) as session:
            _, secret = tokens.add_token(
                session,
                account=account,
                label="",
                roles=roles,
                expires_at=now + timedelta(days=1),
                now=now,
            )
        made = self.browser()
        made.headers["authorization"] = f"Bearer {secret}"
        return made

    def visit_as(self, *roles: Role) -> httpx.Client:
        """The same, with an account of these roles."""
        name = "-".join(roles)
        with writing(self.site.database) as session:
            known = {one.name: one for one in accounts.list_accounts(session)}
        return self.visit(known.get(name) or self.open_account(name, *roles))


def log_in(
    browser: httpx.Client, name: str, password: str = PASSWORD, next: str = "/", **headers: str
) -> Any:
    """Fill in the login form."""
    token = token_in(browser.get("/login").text)
    form = {"form_token": token, "name": name, "password": password, "next": next}
    return browser.post("/login", data=form, headers=headers)


def token_in(page: str) -> str:
    """The form token of a page."""
    return page.split('name="form_token" value="')[1].split('"')[0]


@contextmanager
def house_over(
    database: Engine,
    home: Path,
    now: datetime,
    *,
    trusted_proxies: Sequence[str] = (),
    **changes: Any,
) -> Iterator[House]:
    """A site with engine `stub`, whose clock stands still."""
    clock = Clock(now)
    context = Context(
        database=database,
        media=sealed(home / "media", database),
        decoder=Decoder(choose(), 2048, 60, 40_000_000),
        engine_for=lambda plan: StubEngine(plan.min_face_px),
        lease_seconds=60,
    )
    plan, inbox = Plan(engine="stub"), Inbox(home)
    importer = UploadImporter(inbox, context, plan, ask_workers=lambda: None, now=clock)
    values = {"plan": plan, "url": "http://127.0.0.1", "now": clock, "inbox": inbox}
    values["audit_key_file"] = home / "audit-key"
    values["flower_url"] = "http://127.0.0.1:5555"
    values["look"] = lambda: look_at(database, clock())
    site = Site(context=context, **(values | changes))
    with served(create_app(site), trusted_proxies) as address:
        house = House(site, clock, address, importer)
        yield house
        for browser in house.browsers:
            browser.close()


def look_at(database: Engine, now: datetime) -> Snapshot:
    """The ledger's health, with no expectations."""
    with reading(database) as session:
        seen = vitals(session, now)
    expected = Expectations((), "nightreel", Windows(), lease_seconds=60, stale_seconds=300)
    return Snapshot(now, seen, judge(seen, expected, now))


@contextmanager
def served(app: Any, trusted_proxies: Sequence[str] = ()) -> Iterator[str]:
    """Serve an application in a thread; yields its address."""
    server = server_for(app, "127.0.0.1", 0, trusted_proxies=list(trusted_proxies))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
