"""What came of the faults of one kind, as a line of a table and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

HEAD = (
    "fault", "database", "faults", "jobs", "lost", "duplicated", "given up",
    "work goes on after, s", "begun again", "per process killed", "worker gone after, s",
    "digest equal", "left running",
)  # fmt: skip


MOST_SHOWN = 5
"""Lines of a difference that are quoted; they hold no names."""


@dataclass(slots=True)
class Tally:
    """Counts over all jobs of one kind of fault."""

    fault: str
    database: str
    seed: int
    faults: int = 0
    jobs: int = 0
    lost: int = 0
    """Rows of the undisturbed run that are missing."""
    duplicated: int = 0
    """Rows that the undisturbed run does not have."""
    given_up: int = 0
    """Segments quarantined that should not be, or not quarantined that should be."""
    killed: int = 0
    """Processes at work that were killed."""
    begun_again: int = 0
    """Attempts beyond the first."""
    left_running: int = 0
    """Processes that had to be killed after the stop."""
    recovery_seconds: list[float] = field(default_factory=list)
    gone_seconds: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Whatever was not as promised, in sentences."""
    notes: list[str] = field(default_factory=list)
    """What else there is to say."""

    @property
    def digest_equal(self) -> bool:
        """Whether every job ended as an undisturbed one."""
        return not self.lost and not self.duplicated

    @property
    def as_promised(self) -> bool:
        """Whether nothing at all is to be complained about."""
        return self.digest_equal and not (self.given_up or self.left_running or self.complaints)

    def compare(self, expected: Counter[str], found: Counter[str]) -> None:
        """Count what is missing and what is too much."""
        missing, surplus = expected - found, found - expected
        self.lost += missing.total()
        self.duplicated += surplus.total()
        for what, lines in (("missing", missing), ("too much", surplus)):
            self.complaints += [f"{what}: {line[:150]}" for line in sorted(lines)[:MOST_SHOWN]]

    @property
    def document(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self) | {"digest_equal": self.digest_equal, "as_promised": self.as_promised}

    @property
    def line(self) -> tuple[str, ...]:
        """One line of the table."""
        share = f"{self.begun_again / self.killed:.2f}" if self.killed else ""
        counts = (self.faults, self.jobs, self.lost, self.duplicated, self.given_up)
        return (
            self.fault,
            self.database,
            *map(str, counts),
            spread(self.recovery_seconds),
            str(self.begun_again),
            share,
            spread(self.gone_seconds),
            "yes" if self.digest_equal else "NO",
            str(self.left_running),
        )


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and largest."""
    if not seconds:
        return ""
    median, late = np.percentile(seconds, (50, 95))
    return f"{median:.1f} / {late:.1f} / {max(seconds):.1f}"


def table(tallies: Sequence[Tally]) -> str:
    """Markdown; seconds are median / 95th percentile / largest."""
    rows = [HEAD, ("---",) * len(HEAD), *(tally.line for tally in tallies)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    said = [
        f"- {tally.fault}: {what}"
        for tally in tallies
        for what in (*(f"NOT AS PROMISED: {one}" for one in tally.complaints), *tally.notes)
    ]
    return "\n".join([*lines, *(["", *said] if said else [])])
