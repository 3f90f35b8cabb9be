"""Pages from templates: each knows its visitor, and contains the token its forms send back."""

from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.names import shown
from pipeline.recording_times import captured_in_words
from report.case_terms import terms
from report.moments import as_typed
from report.recording_times import time_note
from report.timeline import clock, whole_clock
from review.access import may
from review.sessions import form_token
from review.visitors import STRANGER, Visitor
from storage.cases.sources import is_text
from storage.database.moments import in_utc
from storage.jobs.progress import Outcome
from storage.tables import State

NAVIGATION = (
    ("Recordings", "/recordings"),
    ("Cases", "/cases"),
    ("Review", "/review"),
    ("Groups", "/groups"),
    ("Search", "/search"),
    ("Queue", "/queue"),
    ("Accounts", "/accounts"),
    ("Audit", "/audit"),
    ("Retention", "/retention"),
)
"""Shown if the route exists and the visitor has a role for it."""
IN_WORDS = {
    State.WAITING: "Queued",
    State.RUNNING: "Processing",
    State.MATCHING: "Matching",
    State.DONE: "Processed",
    State.GAPS: "Processed, with gaps",
    State.FAILED: "Could not be processed",
    State.CANCELLED: "Cancelled",
}


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page, or a part of one if `template` is a part; `values` are what it shows."""
    shown = _environment().get_template(template)
    return HTMLResponse(shown.render(_common(request) | values), status)


def _common(request: Request) -> dict[str, Any]:
    visitor: Visitor = getattr(request.state, "visitor", STRANGER)
    return {
        "visitor": visitor,
        "form_token": form_token(request),
        "navigation": [(label, path) for label, path in NAVIGATION if may(visitor, f"GET {path}")],
        "path": request.url.path,
        "may": lambda name: may(visitor, name),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": clock,
        "whole_clock": whole_clock,
        "as_typed": as_typed,
        "moment": in_utc,
        "size": size_in_words,
        "terms": terms,
        "shown": shown,
        "recorded": recorded,
        "time_note": time_note,
        "in_words": IN_WORDS.__getitem__,
    }
    environment.tests["is_text"] = is_text
    return environment


def recorded(footage: Outcome) -> str:
    """When a recording was made, and who says so."""
    return captured_in_words(footage.captured_ms, footage.captured_by, footage.captured_words)


def size_in_words(size_bytes: int) -> str:
    """For example `4.7 GB`."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= length:
            return f"{size_bytes / length:.1f} {unit}"
    return f"{size_bytes} bytes"
