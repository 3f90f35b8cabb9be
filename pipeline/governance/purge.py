"""Purge a case, a person, recordings or bystanders, and search for remnants."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from errors import PictureLost, StoreUnavailable, WrongUsage
from pipeline.act import Caller
from pipeline.context import Context
from pipeline.governance.erasure import Scan, of_picture, of_sealed, of_vector, scan
from storage.access.audit import Action
from storage.cases.cases import case_by_id
from storage.database.database import Session, reading, writing
from storage.files.keys import Keyring
from storage.files.sealed import SealedMedia
from storage.results import purge
from storage.results.purge import Doomed, Target
from storage.results.ranking import close_gaps

SAMPLES = 16
"""How many vectors of a table and how many pictures are searched for afterwards."""
UPLOADED = "footage"
"""In the home folder; see `pipeline.intake.receive.Inbox`."""
_UNREADABLE = (PictureLost, StoreUnavailable, WrongUsage)
"""Pictures and vectors that are gone, altered or sealed with a lost master key are purged, too."""
ELSEWHERE = (
    "Copies of the database, of pictures or of reports made earlier are not purged.",
    "Footage added from a folder stays there; only the results of its analysis are purged.",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was purged, when and by whom, and the result of the search for remnants."""

    entry: int
    """The position of its entry in the audit log."""
    at: datetime
    actor: str
    what: str
    rows: dict[str, int]
    pictures: int
    footage_files: int
    """Uploaded recordings that were removed from the home folder."""
    proof: Scan
    left: tuple[str, ...]
    """What was not purged, in sentences."""

    @property
    def is_proven(self) -> bool:
        """Whether no remnant was found and every file could be read."""
        return not self.proof.found_in and not self.proof.unreadable


def purge_case(
    caller: Caller, case_id: int, context: Context, folders: Sequence[Path]
) -> Certificate:
    """Purge everything of a case that has ended, and the footage that belongs to it alone.

    `folders` are searched for remnants afterwards. Raises NotAuthorised when there is no such case,
    WrongUsage before it has ended, StoreUnavailable.
    """
    with reading(caller.database) as session:
        case = case_by_id(session, case_id)
    if case.ended_at(caller.now) is None:
        raise WrongUsage(f"Case {case.reference} has not ended; close it first.")
    return _purge(caller, purge.everything_of_case(case_id), f"case {case_id}", context, folders)


def purge_person(
    caller: Caller, person_id: int, context: Context, folders: Sequence[Path]
) -> Certificate:
    """Purge a person with photos, candidates and verdicts; `folders` are searched for remnants.

    Raises StoreUnavailable.
    """
    return _purge(caller, purge.person(person_id), f"person {person_id}", context, folders)


def purge_recordings(
    caller: Caller, recording_ids: Sequence[int], context: Context, folders: Sequence[Path]
) -> Certificate:
    """Purge recordings with all their results; `folders` are searched for remnants.

    Raises StoreUnavailable.
    """
    what = f"recordings {', '.join(map(str, recording_ids))}"
    return _purge(caller, purge.recordings(*recording_ids), what, context, folders)


def purge_bystanders(
    caller: Caller, days: int, context: Context, folders: Sequence[Path]
) -> Certificate:
    """Purge people who are candidates for no one, `days` after their footage was processed.

    Bystanders in footage of a case in force are kept until that case ends. `folders` are searched
    for remnants. Raises StoreUnavailable.
    """
    before = caller.now - timedelta(days=days)
    target = purge.bystanders(watched_before=before, now=caller.now)
    what = f"bystanders of footage processed before {before:%Y-%m-%d}"
    return _purge(caller, target, what, context, folders)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data is kept, in days; 0 means until it is purged by hand."""

    bystander_days: int = 0
    case_days: int = 0
    """Counted from the end of the case."""


def purge_due(
    caller: Caller, retention: Retention, context: Context, folders: Sequence[Path]
) -> list[Certificate]:
    """Purge what has been kept for longer than `retention`; no certificate if nothing is due.

    Raises StoreUnavailable.
    """
    made = []
    if retention.case_days:
        before = caller.now - timedelta(days=retention.case_days)
        with reading(caller.database) as session:
            due = purge.ended_cases(session, before)
        made = [purge_case(caller, case_id, context, folders) for case_id in due]
    days = retention.bystander_days
    with reading(caller.database) as session:
        any_due = bool(days) and bystanders_due(session, days, caller.now) > 0
    return [*made, purge_bystanders(caller, days, context, folders)] if any_due else made


def bystanders_due(session: Session, days: int, now: datetime) -> int:
    """How many appearances of bystanders have been kept for longer than `days`."""
    target = purge.bystanders(watched_before=now - timedelta(days=days), now=now)
    return purge.counts(session, purge.doomed(target)).get("appearance", 0)


def _purge(
    caller: Caller, target: Target, what: str, context: Context, folders: Sequence[Path]
) -> Certificate:
    going = purge.doomed(target)
    with writing(caller.database) as session:
        names = purge.pictures(session, target, going)
        rows = purge.counts(session, going)
        footage = purge.footage(session, going)
        patterns = _of_vectors(session, going, context.media.keys)
        patterns += _of_pictures(sorted(names)[:SAMPLES], context.media)
        purge.erase(session, target, caller.now)
        close_gaps(session)
        entry = caller.act(Action.PURGED).record(
            session, target.case_id, **rows, pictures=len(names)
        )
    context.media.remove(names)
    removed = _remove_footage(footage, context, folders)
    left = purge.scrub(caller.database)
    proof = scan(folders, patterns)
    return Certificate(
        entry=entry,
        at=caller.now,
        actor=caller.actor,
        what=what,
        rows=rows,
        pictures=len(names),
        footage_files=removed,
        proof=proof,
        left=(*left, *ELSEWHERE),
    )


def _remove_footage(places: Sequence[str], context: Context, folders: Sequence[Path]) -> int:
    """Remove uploaded files, and cached copies from an object store; returns how many files.

    The number counts uploaded files only. Files outside the home folder are left alone.
    """
    uploaded = [folder / UPLOADED for folder in folders]
    own_files = [path for path in map(Path, places) if set(uploaded) & set(path.parents)]
    for path in own_files:
        path.unlink(missing_ok=True)
    if places and context.footage_store is not None:
        context.footage_store.cache.clear()
    return len(own_files)


def _of_vectors(session: Session, going: Doomed, keys: Keyring) -> list[bytes]:
    vectors = purge.vectors(session, going, SAMPLES)
    with suppress(*_UNREADABLE):
        vectors += purge.opened_vectors(session, going, SAMPLES, keys=keys)
    patterns = [piece for vector in vectors for piece in of_vector(vector)]
    return patterns + [of_sealed(body) for body in purge.sealed(session, going, SAMPLES)]


def _of_pictures(names: Sequence[str], media: SealedMedia) -> list[bytes]:
    patterns: list[bytes] = []
    for name in names:
        with suppress(*_UNREADABLE):
            patterns += of_picture(media.store.read(name))
            patterns += of_picture(media.read(name))
    return patterns
