"""The results of one kind of fault, as a row of a table and as JSON."""

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
"""Most lines of a difference that are quoted; they contain no names."""


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
    """Segments that were wrongly quarantined, or wrongly not quarantined."""
    killed: int = 0
    """Processes that were killed at work."""
    begun_again: int = 0
    """Attempts beyond the first."""
    left_running: int = 0
    """Processes that had to be killed after the stop."""
    recovery_seconds: list[float] = field(default_factory=list)
    gone_seconds: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Sentences on what was not as promised."""
    notes: list[str] = field(default_factory=list)
    """Other remarks."""

    @property
    def digest_equal(self) -> bool:
        """Whether every job ended with the results of an undisturbed one."""
        return not self.lost and not self.duplicated

    @property
    def as_promised(self) -> bool:
        """Whether there is no complaint of any kind."""
        return self.digest_equal and not (self.given_up or self.left_running or self.complaints)

    def compare(self, expected: Counter[str], found: Counter[str]) -> None:
        """Count missing and excess rows."""
        missing, surplus = expected - found, found - expected
        self.lost += missing.total()
        self.duplicated += surplus.total()
        for what, lines in (("missing", missing), ("too much", surplus)):
            self.complaints += [f"{what}: {line[:150]}" for line in sorted(lines)[:MOST_SHOWN]]

    @property
    def document(self) -> dict[str, Any]:
        """All fields, for JSON."""
        return asdict(self) | {"digest_equal": self.digest_equal, "as_promised": self.as_promised}

    @property
    def line(self) -> tuple[str, ...]:
        """The cells of its row in the table."""
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
    """Median, 95th percentile and largest value as text; empty if there is none."""
    if not seconds:
        return ""
    median, late = np.percentile(seconds, (50, 95))
    return f"{median:.1f} / {late:.1f} / {max(seconds):.1f}"


def table(tallies: Sequence[Tally]) -> str:
    """The table in Markdown; seconds are median / 95th percentile / largest."""
    rows = [HEAD, ("---",) * len(HEAD), *(tally.line for tally in tallies)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    remarks = [
        f"- {tally.fault}: {remark}"
        for tally in tallies
        for remark in (*(f"NOT AS PROMISED: {what}" for what in tally.complaints), *tally.notes)
    ]
    return "\n".join([*lines, *(["", *remarks] if remarks else [])])
