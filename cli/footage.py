"""`nightreel ingest`, and the part of it other commands share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from cli.actor import actor, caller, now
from cli.forecast import announce, parse_finish_by
from cli.output import err, print_json
from cli.places import files_in, place_of, size_bytes
from cli.progress import byte_bar, wait_for
from errors import (
    BrokerUnavailable,
    DecoderFailed,
    FootageVanished,
    RefusedFootage,
    UnreadableFootage,
)
from faces import models
from pipeline.governance.cases import case_with_id, find_case, require_case
from pipeline.intake.ingest import ingest_file
from pipeline.names import display_name
from pipeline.planning.control import retry_known
from pipeline.planning.jobs import outcomes_of
from report.recording_times import time_note
from storage.access.audit import Action
from storage.files.objects import Address
from storage.jobs.recordings import AlreadyKnown, Request
from storage.jobs.states import GIVEN_UP
from storage.tables import Priority, State
from tasks.segments import ask_for_waiting
from worker.resources import resources

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
DONE, FAILED, WITH_GAPS = 0, 1, 3


@dataclass(slots=True)
class Intake:
    """The result of adding files: jobs, and rejected files."""

    analyses: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """File names as they can be shown, each with its reason."""


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Video files, folders of them, or s3://bucket/key of your own object store."
        ),
    ],
    case: Annotated[str, typer.Option(help="Reference of the case the footage is for.")] = "",
    urgent: Annotated[
        bool, typer.Option("--urgent", help="Process before all `overnight` footage.")
    ] = False,
    any_time: Annotated[
        bool, typer.Option("--any-time", help="Also outside NIGHTREEL_WINDOW.")
    ] = False,
    site: Annotated[
        str,
        typer.Option(
            help="Site of the footage; only workers with it in NIGHTREEL_SITES process it."
        ),
    ] = "",
    captured_at: Annotated[
        datetime | None,
        typer.Option(formats=MOMENTS, help="When it was recorded, in UTC, if known."),
    ] = None,
    finish_by: Annotated[
        str, typer.Option(help="Deadline: 07:00 or 2026-12-01T07:00; prints a forecast.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until processing has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add footage to the queue; a rejected file does not stop the others."""
    due_at = parse_finish_by(finish_by, resources().windows, now()) if finish_by else None
    priority = Priority.URGENT if urgent else Priority.OVERNIGHT
    recorded = captured_at.replace(tzinfo=UTC) if captured_at else None
    request = Request(
        priority,
        any_time,
        own_case(case),
        site or resources().site,
        actor=actor(),
        captured_at=recorded,
    )
    intake = take_in(map(place_of, paths), request)
    forecast = announce(intake.analyses, due_at) if due_at else None
    ask_for_new()
    if wait:
        wait_for(intake.analyses)
    if as_json:
        refused = [{"name": name, "reason": reason} for name, reason in intake.refused]
        print_json({"analyses": intake.analyses, "refused": refused, "forecast": forecast})
    raise typer.Exit(exit_code(intake, waited=wait))


def check_engine() -> None:
    """Check before a night of processing that the engine can start.

    Warns on stderr if it is not cleared for commercial use. Raises ModelUnavailable.
    """
    mine = resources()
    card = models.require(mine.engine, mine.weights_folder)
    if card and (notice := models.notice(card)):
        err.print(notice)


def at_once(case_id: int) -> Request:
    """An urgent request, for a command whose user waits. Raises NotAuthorised unless the case is
    in force."""
    require_case(caller(), case_id, Action.RECORDING_ADDED)
    return Request(Priority.URGENT, True, case_id, resources().site, actor=actor())


def own_case(reference: str) -> int | None:
    """The case in force that footage is for; None when none is named. Raises NotAuthorised."""
    if not reference:
        return None
    asked = caller()
    case_id = find_case(asked, reference, Action.RECORDING_ADDED)
    require_case(asked, case_id, Action.RECORDING_ADDED)
    return case_id


def take_in(places: Iterable[Path | Address], request: Request) -> Intake:
    """Add every file; print on stderr which were already known and which were rejected."""
    mine, intake = resources(), Intake()
    check_engine()
    for place in files_in(places):
        name = display_name(place if isinstance(place, Path) else PurePosixPath(place.key))
        try:
            with byte_bar(name, size_bytes(place)) as progress:
                footage = ingest_file(
                    place,
                    context=mine.context,
                    plan=mine.plan,
                    now=now(),
                    request=request,
                    progress=progress,
                )
        except (UnreadableFootage, RefusedFootage, FootageVanished, DecoderFailed) as error:
            err.print(f"{name}: {error}")
            intake.refused.append((name, str(error)))
            continue
        if isinstance(footage, AlreadyKnown):
            err.print(f"{name}: {_known(footage)}")
        intake.analyses.append(footage.analysis_id)
        tell_time(footage.analysis_id, request.case_id)
    return intake


def tell_time(analysis_id: int, case_id: int | None) -> None:
    """Print on stderr if footage for a case has no recording time, or one outside the case's."""
    if case_id is None:
        return
    case = case_with_id(caller(), case_id, Action.RECORDING_ADDED)
    for one in outcomes_of(resources().database, [analysis_id]):
        if note := time_note(case, one):
            remedy = "`nightreel ingest FILE --captured-at`, or the recording's page, sets it."
            err.print(f"{one.name}: {note} {remedy}")


def _known(known: AlreadyKnown) -> str:
    """Report that known footage is skipped, or that its quarantined segments are retried."""
    if released := retry_known(resources().database, known.analysis_id):
        retried = f"{released} segments queued for retry"
        return f"already processed as {known.name}, with gaps; {retried}."
    state = "already processed" if known.done else "already added"
    return f"{state} as {known.name}; skipped."


def exit_code(intake: Intake, *, waited: bool = True) -> int:
    """The exit code: 0 if all was added and processed, 3 if some was not, 1 if nothing was.

    If it was not waited for, only adding counts.
    """
    came = outcomes_of(resources().database, intake.analyses) if waited else []
    states = [one.state for one in came]
    if not intake.analyses or (states and set(states) <= set(GIVEN_UP)):
        return FAILED
    whole = not intake.refused and all(state is State.DONE for state in states)
    return DONE if whole else WITH_GAPS


def ask_for_new() -> None:
    """Queue all segments that were not sent to the broker; say so if no broker answers."""
    try:
        ask_for_waiting()
    except BrokerUnavailable:
        err.print("No workers are running; the footage is queued until `nightreel up` runs.")
