"""Measures how long reviewers wait, with 10,000 candidates: `python -m bench.review [CANDIDATES]`.

Requests go to the application itself, through all its guards, its templates and a SQLite database
on disk.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import numpy as np
from sqlmodel import Session

from faces.engines.stub import StubEngine
from footage.executables import choose
from footage.guards import Decoder
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.receive import Inbox
from pipeline.plan import Plan
from review.app import create_app
from review.sessions import form_token_of
from review.site import Site
from storage import tables
from storage.access import accounts, web_sessions
from storage.access.accounts import Role
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.cases.references import NewReference, add_reference
from storage.database.database import Engine, connect, upgrade, writing
from storage.files.keys import Keyring
from storage.files.media_folder import MediaFolder
from storage.files.sealed import SealedMedia

ROUNDS = 40
CASE = 1
MASTER = bytes(32)
Taken = tuple[float, float]
"""Wall-clock milliseconds, and processor milliseconds of this process: on a shared machine the
first say more about the other users."""
Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


def main(candidates: int = 10_000) -> None:
    """Print a Markdown table: milliseconds from request to complete response."""
    with tempfile.TemporaryDirectory(prefix="nightreel-bench-") as folder:
        database = connect(f"sqlite:///{folder}/nightreel.db")
        upgrade(database)
        tokens = _fill(database, candidates)
        taken = asyncio.run(_measure(_site(database, Path(folder)), tokens))
        database.dispose()
    print(f"{candidates} candidates, {ROUNDS} requests each\n")
    print("| | median, ms | slowest, ms | processor, median ms |\n| --- | --- | --- | --- |")
    for name, seen in taken.items():
        waited, worked = zip(*seen, strict=True)
        medians = statistics.median(waited), max(waited), statistics.median(worked)
        print(f"| {name} | " + " | ".join(f"{each:.0f}" for each in medians) + " |")


async def _measure(site: Site, tokens: dict[Role, str]) -> dict[str, list[Taken]]:
    taken: dict[str, list[Taken]] = {}
    transport = httpx.ASGITransport(create_app(site))
    for role, ways in _WAYS.items():
        headers = {"x-form-token": form_token_of(tokens[role]), "accept": "text/html"}
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://127.0.0.1",
            headers=headers,
            cookies={"nightreel": tokens[role]},
        ) as browser:
            for name, ask in ways.items():
                taken[name] = [await _milliseconds(ask, browser) for _ in range(ROUNDS)]
    return taken


async def _milliseconds(ask: Ask, browser: httpx.AsyncClient) -> Taken:
    began, worked = time.perf_counter(), time.process_time()
    answer = await ask(browser)
    took = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
    answer.raise_for_status()
    return took


async def _first_page(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(f"/review/{CASE}")


async def _pass_over(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(f"/review/{CASE}", headers={"HX-Request": "true"})


async def _verdict(browser: httpx.AsyncClient) -> httpx.Response:
    """Give a verdict on one candidate after the other, in any order."""
    _verdict_on.append(_verdict_on[-1] + 1)
    place = f"/review/{CASE}/1/{_verdict_on[-1]}/verdict"
    return await browser.post(place, data={"decision": "different"}, headers={"HX-Request": "true"})


_verdict_on = [0]


async def _candidates(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(f"/cases/{CASE}/candidates")


async def _case(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(f"/cases/{CASE}")


_WAYS: dict[Role, dict[str, Ask]] = {
    Role.REVIEWER: {
        "review, first page": _first_page,
        "review, next candidate": _pass_over,
        "review, a verdict and the next candidate": _verdict,
    },
    Role.ANALYST: {"the case": _case, "its candidates, fifty of them": _candidates},
}


def _site(database: Engine, folder: Path) -> Site:
    media = SealedMedia(MediaFolder(folder / "media"), Keyring(database, MASTER))
    context = Context(
        database=database,
        media=media,
        decoder=Decoder(choose(), 896, 60, 40_000_000),
        engine_for=lambda plan: StubEngine(plan.min_face_px),
        lease_seconds=60,
    )
    plan, inbox = Plan(engine="stub"), Inbox(folder)
    return Site(
        context=context,
        plan=plan,
        url="http://127.0.0.1",
        inbox=inbox,
        audit_key_file=folder / "audit-key",
        look=_nobody_looks,
    )


def _nobody_looks() -> NoReturn:
    raise NotImplementedError("the queue is not measured")


def _fill(database: Engine, candidates: int) -> dict[Role, str]:
    now = utc_now()
    with writing(database) as session:
        case = open_case(
            session,
            reference="bench",
            legal_basis="demonstration",
            purpose="to measure",
            requested_by="nobody",
            sources=["*"],
            expires_at=now + timedelta(days=1),
            now=now,
        )
        person = add_person(session, case_id=case.id, name="Somebody", now=now)
        vector = np.ones(8, np.float32)
        add_reference(
            session,
            person,
            NewReference(
                "f" * 64, "photo.jpg", "stub", "0" * 64, "good", "c" * 64, 0.8, vector=vector
            ),
            keys=Keyring(database, MASTER),
        )
        _add_candidates(session, person, candidates)
        return {role: _account(session, role) for role in (Role.REVIEWER, Role.ANALYST)}


def _account(session: Session, role: Role) -> str:
    now = utc_now()
    account = accounts.add_account(
        session, name=role.value, roles=[role], password_hash=None, now=now
    )
    return web_sessions.begin(session, account.id, now)


def _add_candidates(session: Session, person: int, number: int) -> None:
    recording = tables.Recording(
        sha256="a" * 64, name="bench.mp4", path=b"/nowhere", size_bytes=1, modified_ns=1,
        codec="h264", width=1920, height=1080, rotation=0, pixel_format="yuv420p",
        frame_rate="25", time_base="1/90000", start_us=0, duration_claimed_ms=None,
        duration_ms=number * 1000, packets=number * 25, added_at=utc_now(),
    )  # fmt: skip
    session.add_all([recording, tables.Plan(key="0" * 16, engine="stub", body=Plan().body)])
    session.flush()
    analysis = tables.Analysis(
        recording_id=recording.id, plan_key="0" * 16, state=tables.State.DONE, asked_at=utc_now()
    )
    session.add(analysis)
    session.flush()
    session.add_all(_appearance(analysis.id, place) for place in range(number))
    session.flush()
    session.add_all(
        tables.Candidate(
            person_id=person, appearance_id=place + 1, reference_id=1, engine="stub",
            distance=place / number, threshold=1.0, rank=place + 1,
        )
        for place in range(number)
    )  # fmt: skip


def _appearance(analysis_id: int, place: int) -> tables.Appearance:
    return tables.Appearance(
        analysis_id=analysis_id, ordinal=place, start_ms=place * 1000, end_ms=place * 1000 + 900,
        best_ms=place * 1000 + 400, box_x=10, box_y=10, box_width=90, box_height=100, score=1.0,
        quality=0.7, faces=2, crops=[f"{place:064x}.jpg"] * 5,
    )  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
