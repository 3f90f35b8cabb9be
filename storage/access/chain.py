"""The audit log's hash chain, as arithmetic: what an entry's hash covers, and where a chain breaks.

`deploy/audit_verifier.py` says the same in other words and imports nothing of this.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

JsonValue = None | bool | int | float | str | list[int] | list[str]
BEGINNING = "0" * 64
"""What stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who did what, when, for which case, to which objects."""

    position: int
    """1 for the first; no number is left out."""
    at: str
    """UTC, to the microsecond, as `stamp` writes it."""
    actor: str
    action: str
    case_id: int | None
    objects: str
    """Canonical JSON of ids, digests, codes and numbers."""
    hash: str

    @property
    def line(self) -> str:
        """The entry as one line of an export; every character of it is checked."""
        return (
            f'{{"action":{json.dumps(self.action)},"actor":{json.dumps(self.actor)},'
            f'"at":{json.dumps(self.at)},"case_id":{json.dumps(self.case_id)},'
            f'"hash":{json.dumps(self.hash)},"objects":{self.objects},"position":{self.position}}}'
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not follow from those before it."""

    position: int
    """Where it stands, or should."""
    reason: str

    @property
    def by_checkpoint(self) -> bool:
        """Whether the chain itself holds, and a checkpoint tells of another one."""
        return "checkpoint" in self.reason


def canonical(value: Mapping[str, JsonValue]) -> str:
    """JSON with sorted keys, without spaces, in ASCII: equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def stamp(moment: datetime) -> str:
    """A time as the log writes it: 2026-03-01T22:00:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def hash_of(
    previous: str,
    position: int,
    at: str,
    actor: str,
    action: str,
    case_id: int | None,
    objects: str,
) -> str:
    """Of the hash before and of all an entry says, as a JSON array: nothing runs together."""
    content = json.dumps([previous, position, at, actor, action, case_id, objects])
    return sha256(content.encode()).hexdigest()


def first_broken(entries: Iterable[Entry], expected: Mapping[int, str]) -> Broken | None:
    """Follow a chain from its beginning; None when every entry follows from the one before.

    `expected` are the hashes that signed checkpoints give for some positions; the chain must reach
    each of them.
    """
    position, previous = 0, BEGINNING
    for position, entry in enumerate(entries, start=1):
        if entry.position != position:
            return Broken(position, f"Number {entry.position} stands in its place.")
        if entry.hash != _hash_after(previous, entry):
            return Broken(position, "Its hash does not follow from what it says.")
        if expected.get(position, entry.hash) != entry.hash:
            return Broken(position, "A checkpoint was made for another entry.")
        previous = entry.hash
    if position < (counted := max(expected, default=0)):
        return Broken(position + 1, f"It is missing: a checkpoint counted {counted} entries.")
    return None


def _hash_after(previous: str, entry: Entry) -> str:
    return hash_of(
        previous,
        entry.position,
        entry.at,
        entry.actor,
        entry.action,
        entry.case_id,
        entry.objects,
    )


def read_line(number: int, line: str) -> Entry:
    """The entry of an exported line, the first being number 1.

    A line that is none, or is written otherwise than an export writes it, gives an entry whose
    hash follows from nothing.
    """
    try:
        found = json.loads(line)
        entry = Entry(
            position=found["position"],
            at=found["at"],
            actor=found["actor"],
            action=found["action"],
            case_id=found["case_id"],
            objects=canonical(found["objects"]),
            hash=found["hash"],
        )
        is_whole = entry.line + "\n" == line
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    return entry if is_whole else Entry(number, "", "", "", None, "", "")
