"""`nightreel watch` and `nightreel refused`: footage that comes into a folder."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import actor
from cli.footage import DONE, WITH_GAPS, ask_for_new, check_engine, own_case, tell_time
from cli.output import err, out, print_json, table
from errors import WrongUsage
from pipeline.intake.intake import Refused, Taken, list_refusals
from pipeline.names import display_name, display_path
from storage.database.moments import in_utc
from storage.jobs.recordings import Added, Request
from storage.jobs.refusals import Refusal
from storage.tables import Priority
from tasks.intake import ask_workers, take_in_for_ever, watched_folder
from worker.resources import resources


def watch(
    folder: Annotated[Path | None, typer.Argument(help="Default: NIGHTREEL_WATCH_FOLDER.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Add the files that are complete now, then exit.")
    ] = False,
    case: Annotated[str, typer.Option(help="Reference of the case the footage is for.")] = "",
    urgent: Annotated[
        bool, typer.Option("--urgent", help="Process before all `overnight` footage.")
    ] = False,
    any_time: Annotated[
        bool, typer.Option("--any-time", help="Also outside NIGHTREEL_WINDOW.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Watch a folder and add its files once they stop growing; Ctrl-C stops it."""
    place = _folder(folder)
    check_engine()
    priority = Priority.URGENT if urgent else Priority.OVERNIGHT
    request = Request(priority, any_time, own_case(case), resources().site, actor=actor())
    ask_for_new()
    some_refused = False
    for event in _once(place, request) if once else _for_ever(place, request):
        _tell(event, as_json)
        some_refused |= isinstance(event, Refused)
        if isinstance(event, Taken):
            tell_time(event.footage.analysis_id, request.case_id)
            ask_workers()
    raise typer.Exit(WITH_GAPS if some_refused else DONE)


def refused(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List rejected files of the watched folders with reasons, latest first."""
    listed = list_refusals(resources().database)
    if as_json:
        print_json([_as_dict(file) for file in listed])
        return
    shown = table("", "file", "#bytes", "rejected", "reason")
    for file in listed:
        when = in_utc(file.refused_at)
        shown.add_row(file.name, str(file.size_bytes), when, file.reason)
    out.print(shown)


def _folder(given: Path | None) -> Path:
    folder = given or resources().settings.watch_path
    if folder is None:
        raise WrongUsage("No folder given; name one, or set NIGHTREEL_WATCH_FOLDER.")
    if not folder.is_dir():
        raise WrongUsage(f"No such folder: {display_path(folder)}; create it, or name another.")
    return folder


def _once(place: Path, request: Request) -> Iterator[Taken | Refused]:
    folder = watched_folder(place, request)
    yield from folder.look(time.monotonic())
    if folder.waiting:
        time.sleep(resources().settings.settle_seconds)
        yield from folder.look(time.monotonic())
    if folder.waiting:
        err.print(f"{folder.waiting} files are still being written; run this again later.")


def _for_ever(place: Path, request: Request) -> Iterator[Taken | Refused]:
    return take_in_for_ever(place, request, complain=lambda error: err.print(f"nightreel: {error}"))


def _tell(event: Taken | Refused, as_json: bool) -> None:
    path = Path(event.path)
    if not as_json:
        err.print(f"{display_name(path)}: {_outcome(event)}")
        return
    job = event.footage.analysis_id if isinstance(event, Taken) else None
    reason = event.reason if isinstance(event, Refused) else None
    said = {"name": display_name(path), "path": display_path(path), "job": job, "refused": reason}
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _outcome(event: Taken | Refused) -> str:
    if isinstance(event, Refused):
        return event.reason
    if isinstance(event.footage, Added):
        return f"added as job {event.footage.analysis_id}."
    known = f"{event.footage.name}, job {event.footage.analysis_id}"
    return f"already added as {known}; now read from here."


def _as_dict(refusal: Refusal) -> dict[str, object]:
    return {
        "name": refusal.name,
        "path": display_path(Path(refusal.path)),
        "size_bytes": refusal.size_bytes,
        "reason": refusal.reason,
        "refused_at": refusal.refused_at.isoformat(),
    }
