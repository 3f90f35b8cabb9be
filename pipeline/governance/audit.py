"""Verify, sign, view and export the audit log."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from errors import NotAuthorised, Settled, WrongUsage
from pipeline.act import Caller
from pipeline.judging.blind import undecided_anywhere
from storage.access.audit import Action, entries, newest
from storage.access.chain import Broken, Entry, canonical, first_broken, read_line
from storage.access.checkpoints import (
    Checkpoint,
    checkpoints,
    make_checkpoint,
    public_half,
    read_checkpoint,
)
from storage.access.search_counts import SearchCount, search_counts
from storage.cases.cases import find_case
from storage.database.database import Engine, Session, reading, writing
from storage.results.verdicts import Key

NOT_REVIEWED = (
    "You have yet to review candidates, and the log names the verdicts of others; review them "
    "first, or ask an auditor who is not a reviewer."
)
WITHHELD = canonical({"state": "withheld until your verdict"})
_RESTORED = (
    "Entry {} says that a backup was restored: checkpoints signed after that backup was taken and "
    "before it was restored count entries that this log does not have; one signed later fits."
)


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of verifying a log."""

    entries: int
    """The length of the unbroken chain from the start."""
    checkpoints: int
    broken: Broken | None


def examine(database: Engine, *, public_key: str, also: Sequence[Checkpoint] = ()) -> Examined:
    """Verify the log in the database against its own checkpoints and those in `also`.

    Raises WrongUsage when one in `also` was not signed with the key, StoreUnavailable.
    """
    _refuse_forged(also, public_key)
    with reading(database) as session:
        kept = checkpoints(session)
        signed = [checkpoint for checkpoint in kept if checkpoint.is_signed_by(public_key)]
        examined = _examine(entries(session), [*signed, *also])
    if examined.broken is None and len(signed) < len(kept):
        forged = next(checkpoint for checkpoint in kept if checkpoint not in signed)
        broken = Broken(forged.count, "Its checkpoint was altered, or signed with another key.")
        return Examined(examined.entries, examined.checkpoints, broken)
    return examined


def examine_file(file: Path, *, public_key: str, also: Sequence[Checkpoint] = ()) -> Examined:
    """Verify an exported log against the checkpoints in `also`.

    Raises WrongUsage when one of them was not signed with the key, or the file cannot be read.
    """
    _refuse_forged(also, public_key)
    try:
        with file.open(encoding="ascii", errors="replace", newline="\n") as lines:
            return _examine(map(read_line, count(1), lines), also)
    except OSError as error:
        raise WrongUsage(f"The export cannot be read: {error.strerror}.") from error


def read_checkpoints(files: Sequence[Path]) -> list[Checkpoint]:
    """Read checkpoints from files. Raises WrongUsage when one cannot be read."""
    try:
        return [read_checkpoint(file.read_text()) for file in files]
    except (OSError, ValueError) as error:
        raise WrongUsage("A checkpoint file cannot be read, or holds something else.") from error


def sign(caller: Caller, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign the current end of the log. Raises StoreUnavailable."""
    with writing(caller.database) as session:
        return make_checkpoint(session, key, caller.now)


def export_checkpoint(caller: Caller, key: Ed25519PrivateKey) -> Checkpoint:
    """`sign` for a checkpoint to be stored elsewhere; the export is an entry after it."""
    made = sign(caller, key)
    caller.act(Action.AUDIT_EXPORTED).note(None, what="checkpoint")
    return made


def write_checkpoint(file: Path, made: Checkpoint) -> None:
    """Write a checkpoint as JSON, unless the file already has this content. Raises WrongUsage."""
    text = json.dumps(made.document, indent=2) + "\n"
    try:
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be written: {error.strerror}.") from error


def keep_checkpoint(folder: Path, made: Checkpoint) -> Path:
    """Write a checkpoint into a folder and return its file.

    After a restore the log reaches the same counts again with other entries; earlier checkpoints
    of these counts are kept. Raises WrongUsage.
    """
    file = folder / f"{made.count:012}.json"
    if file.exists() and read_checkpoints([file])[0].hash != made.hash:
        file = folder / f"{made.count:012}-{made.hash[:8]}.json"
    write_checkpoint(file, made)
    return file


def exported(caller: Caller) -> Iterator[str]:
    """The log as lines with line ends; the last one records this export.

    Raises Settled for an account that has yet to review candidates, because the log names the
    verdicts of others; StoreUnavailable.
    """
    with reading(caller.database) as session:
        if undecided_anywhere(session, caller):
            raise Settled(NOT_REVIEWED)
    caller.act(Action.AUDIT_EXPORTED).note(None)
    return _lines(caller.database)


def view(caller: Caller, *, after: int = 0, limit: int | None = None) -> list[Entry]:
    """Entries after a position, at most `limit`; that they were viewed is a new entry.

    Raises StoreUnavailable.
    """
    with reading(caller.database) as session:
        viewed = list(entries(session, after=after, limit=limit))
    caller.act(Action.AUDIT_VIEWED).note(None, after=after, entries=len(viewed))
    return viewed


def view_newest(
    caller: Caller, *, case: str, action: str, before: int | None, limit: int
) -> list[Entry]:
    """The newest entries, at most `limit`, before a position if given.

    `case` is a reference; it and `action` filter the entries, and an empty one filters nothing.
    Of acts on candidates that the caller has yet to review, the objects are withheld. That they
    were viewed is a new entry. Raises StoreUnavailable.
    """
    with reading(caller.database) as session:
        case_id = _case_id(session, case)
        viewed = newest(session, before=before, case_id=case_id, action=action, limit=limit)
        undecided = undecided_anywhere(session, caller)
    caller.act(Action.AUDIT_VIEWED).note(None)
    return [_blind(entry, undecided) for entry in viewed]


def count_searches(caller: Caller) -> list[SearchCount]:
    """How often each user searched; that it was viewed is an entry. Raises StoreUnavailable."""
    counts = searches_beside(caller)
    caller.act(Action.AUDIT_VIEWED).note(None, what="searches")
    return counts


def searches_beside(caller: Caller) -> list[SearchCount]:
    """`count_searches` for a page of entries, whose viewing is already recorded."""
    with reading(caller.database) as session:
        return search_counts(session, caller.now)


def check(caller: Caller, key: Ed25519PrivateKey) -> Examined:
    """`examine` with the key of this machine; the check is a new entry. Raises StoreUnavailable."""
    examined = examine(caller.database, public_key=public_half(key))
    caller.act(Action.AUDIT_VIEWED).note(None)
    return examined


def _lines(database: Engine) -> Iterator[str]:
    with reading(database) as session:
        for entry in entries(session):
            yield entry.line + "\n"


def _blind(entry: Entry, undecided: Collection[Key]) -> Entry:
    """The entry as shown to a reviewer: an act on what they have yet to decide tells nothing."""
    if not undecided:
        return entry
    objects = json.loads(entry.objects)
    key = Key(objects.get("person_id", 0), objects.get("appearance_id", 0))
    return replace(entry, objects=WITHHELD) if key in undecided else entry


def _case_id(session: Session, reference: str) -> int | None:
    """A case's id; None without a reference, and an id of no case if it is unknown."""
    if not reference:
        return None
    try:
        return find_case(session, reference).id
    except NotAuthorised:
        return -1


def _refuse_forged(given: Sequence[Checkpoint], public_key: str) -> None:
    if not all(checkpoint.is_signed_by(public_key) for checkpoint in given):
        raise WrongUsage("A checkpoint is not signed with this key, or was altered since.")


def _examine(log: Iterable[Entry], signed: Sequence[Checkpoint]) -> Examined:
    followed = restored = 0

    def counted() -> Iterator[Entry]:
        nonlocal followed, restored
        for entry in log:
            restored = entry.position if entry.action == Action.RESTORED else restored
            yield entry
            followed += 1

    expected = {checkpoint.count: checkpoint.hash for checkpoint in signed if checkpoint.count}
    broken = first_broken(counted(), expected)
    if broken and broken.by_checkpoint and restored:
        broken = replace(broken, reason=f"{broken.reason} {_RESTORED.format(restored)}")
    return Examined(followed, len(set(signed)), broken)
