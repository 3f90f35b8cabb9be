"""The audit log's hash chain: what an entry's hash covers, and where a chain breaks.

`deploy/audit_verifier.py` is an independent implementation and imports nothing from here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

JsonValue = None | bool | int | float | str | list[int] | list[str]
BEGINNING = "0" * 64
"""The previous hash of the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who did what, when, for which case, to which objects."""

    position: int
    """Counted from 1, without gaps."""
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
        """The entry as one line of an export; verification checks every character."""
        return (
            f'{{"action":{json.dumps(self.action)},"actor":{json.dumps(self.actor)},'
            f'"at":{json.dumps(self.at)},"case_id":{json.dumps(self.case_id)},'
            f'"hash":{json.dumps(self.hash)},"objects":{self.objects},"position":{self.position}}}'
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not follow from those before it."""

    position: int
    """Its position, or the one it should have."""
    reason: str

    @property
    def by_checkpoint(self) -> bool:
        """Whether the chain itself is intact, but contradicts a checkpoint."""
        return "checkpoint" in self.reason


def canonical(value: Mapping[str, JsonValue]) -> str:
    """JSON with sorted keys, without spaces, in ASCII: equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def stamp(moment: datetime) -> str:
    """A time as written in the log: 2026-03-01T22:00:00.000000Z."""
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
    """The hash of the previous hash and all fields of an entry, as 64 hex digits.

    They are hashed as a JSON array, so that no two different entries give the same text.
    """
    content = json.dumps([previous, position, at, actor, action, case_id, objects])
    return sha256(content.encode()).hexdigest()


def first_broken(entries: Iterable[Entry], expected: Mapping[int, str]) -> Broken | None:
    """Check a chain from its beginning; None if every entry follows from the previous one.

    `expected` are the hashes in signed checkpoints, by position; the chain must reach all of them.
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
    """The entry of an exported line; `number` is the line's number, from 1.

    A line that is not exactly as an export writes it gives an entry with an invalid hash.
    """
    try:
        values = json.loads(line)
        entry = Entry(
            position=values["position"],
            at=values["at"],
            actor=values["actor"],
            action=values["action"],
            case_id=values["case_id"],
            objects=canonical(values["objects"]),
            hash=values["hash"],
        )
        is_whole = entry.line + "\n" == line
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    return entry if is_whole else Entry(number, "", "", "", None, "", "")
