"""The statement in every export: what its results are, and what they are not."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Template

from pipeline.judging.listed import Listed
from report.column import headed
from report.columns import CANDIDATE
from report.report import environment


@dataclass(frozen=True, slots=True)
class Decided:
    """One reviewer's verdict."""

    account: str
    decision: str
    decided_at: datetime
    engine: str
    reference: str
    """File name of the photo that was shown; empty if not known."""
    reference_sha256: str
    crop: str
    """Name of the picture that was shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate in the full list."""

    listed: Listed
    override: str
    """Why verdicts on low-quality pictures count; empty without an override."""
    verdicts: tuple[Decided, ...]
    """On what the candidate compares now."""
    earlier: tuple[Decided, ...]
    """On another photo, picture or engine; they no longer count."""
    picture: str
    """The file with its clearest picture, beside the statement; empty unless it is supported."""
    reference_picture: str

    @property
    def supported(self) -> bool:
        """Whether two reviewers said same, and it counts."""
        return bool(self.picture)


@dataclass(frozen=True, slots=True)
class Looked:
    """A recording, and how much of it was analysed."""

    name: str
    sha256: str
    duration_ms: int
    decoded_ms: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The contents of the statement."""

    made_at: datetime
    case_reference: str
    case: tuple[tuple[str, str], ...]
    """What authorises the search, as (label, value)."""
    engines: tuple[tuple[str, str], ...]
    """Name of each engine, and the hashes of its weights."""
    calibration: tuple[str, ...]
    """The calibration in words, for each engine and threshold."""
    lines: tuple[Line, ...]
    compared: tuple[str, ...]
    """What each person was compared with, in words."""
    without: tuple[str, ...]
    """Names of people who were compared with some face, and have no candidate."""
    footage: tuple[Looked, ...]
    requesters: tuple[str, ...]
    """Sentences: whether a reviewer had added a photo of the person or searched for them."""
    contents_sha256: str
    """One hash over every other file of the package."""


def render(statement: Statement) -> str:
    """The statement as one HTML page; names may contain any characters."""
    columns = headed(CANDIDATE, [line.listed for line in statement.lines])
    return _template().render(statement=statement, columns=columns)


@cache
def _template() -> Template:
    return environment().get_template("statement.html.j2")
