"""Watched folders: each file is added once, as soon as it is complete."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from errors import NightreelError, Permanent, RefusedFootage, StoreUnavailable, UnreadableFootage
from footage.ending import refuse_part
from footage.folder import TROUBLES, Entry, Settling, is_being_written, look, look_at
from pipeline.context import Context
from pipeline.intake.ingest import read_footage, remember
from pipeline.names import display_name
from pipeline.plan import Plan
from storage.database.database import Engine, reading, writing
from storage.jobs import control, refusals
from storage.jobs.places import Place, place_of, places_of_sizes
from storage.jobs.recordings import AS_USUAL, Added, AlreadyKnown, Found, Request
from storage.jobs.refusals import Refusal
from storage.tables import State

log = logging.getLogger(__name__)

COPY = "It is a copy of footage that was added before."
MOST_ATTEMPTS = 3
"""A file is rejected after this many failures, even if they may not be its fault."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was added, and its footage."""

    path: str
    footage: Added | AlreadyKnown


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was rejected, and the reason."""

    path: str
    reason: str


class WatchedFolder:
    """One folder, and the state of the files in it.

    A file that was added or rejected is not read again until it changes. The database stores this,
    so it holds for other processes, too.
    """

    def __init__(
        self,
        folder: Path,
        *,
        context: Context,
        plan: Plan,
        settle_seconds: float,
        request: Request = AS_USUAL,
    ) -> None:
        self._folder = folder.resolve()
        self._tools = context
        self._plan = plan
        self._request = request
        self._settling = Settling(settle_seconds)
        self._seen: set[Entry] = set()
        self._dealt_with: set[Entry] = set()
        self._failures: Counter[Entry] = Counter()

    @property
    def waiting(self) -> int:
        """How many files of the latest scan are neither added nor rejected yet."""
        return len(self._seen - self._dealt_with)

    def look(self, now: float) -> Iterator[Taken | Refused]:
        """Scan the folder once, and add or reject the settled files one by one.

        `now` is the time of a monotonic clock, in seconds. Raises FootageVanished when the folder
        is not available and StoreUnavailable when the database is not: then scan again later.
        """
        entries = look(str(self._folder))
        self._forget_what_left(entries)
        new = [entry for entry in entries if entry not in self._seen]
        self._dealt_with |= self._known(new)
        self._seen = set(entries)
        waiting = [entry for entry in entries if entry not in self._dealt_with]
        for entry in self._settling.settled(waiting, now):
            event = self._deal_with(entry)
            if event is not None:
                yield event

    def _forget_what_left(self, entries: Sequence[Entry]) -> None:
        """Forget files that are gone or have changed, and all files of the same size.

        A file of the same size may have been rejected as a copy, and now be the only one left. So
        the database is queried for these files again.
        """
        left = self._seen.difference(entries)
        if entries and (left or not self._seen):
            self._forget_refusals({entry.path for entry in entries})
        sizes = {entry.size_bytes for entry in left}
        self._seen = {entry for entry in self._seen - left if entry.size_bytes not in sizes}
        self._dealt_with &= self._seen
        for entry in left:
            self._failures.pop(entry, None)

    def _forget_refusals(self, paths: set[str]) -> None:
        """Forget rejected files that are no longer in the folder.

        Call this only if the folder is not empty: an empty one may not be mounted.
        """
        with reading(self._tools.database) as session:
            refused_paths = [refusal.path for refusal in refusals.all_refusals(session)]
        in_folder = [path for path in refused_paths if Path(path).is_relative_to(self._folder)]
        gone = [path for path in in_folder if path not in paths]
        if gone:
            with writing(self._tools.database) as session:
                refusals.forget(session, gone)

    def _known(self, entries: Sequence[Entry]) -> set[Entry]:
        """The files that were added or rejected before and have not changed since."""
        if not entries:
            return set()
        with reading(self._tools.database) as session:
            places = places_of_sizes(session, {entry.size_bytes for entry in entries})
            reasons = {_file(refusal): refusal.reason for refusal in refusals.all_refusals(session)}
        taken = {_file(place) for place in places}
        return {
            entry
            for entry in entries
            if _file(entry) in taken or _stands(reasons.get(_file(entry)), entry, places)
        }

    def _deal_with(self, entry: Entry) -> Taken | Refused | None:
        if entry.trouble:
            return self._refuse(entry, entry.trouble)
        if is_being_written(entry.path):
            return None
        try:
            return self._take(entry)
        except (UnreadableFootage, RefusedFootage) as error:
            reason = str(error)
        except (Permanent, StoreUnavailable):
            raise  # not this file's fault: the next file would fail, too
        except Exception as error:
            reason = self._try_again(entry, error)
        if not reason or look_at(entry.path) != entry:
            return None
        return self._refuse(entry, reason)

    def _take(self, entry: Entry) -> Taken | Refused | None:
        refuse_part(entry.path)
        found = read_footage(Path(entry.path), self._tools.decoder)
        if look_at(entry.path) != entry:  # it was removed or written while it was read
            return None
        with reading(self._tools.database) as session:
            place = place_of(session, found.sha256)
        if place is not None and place.path != entry.path and _is_there(place):
            self._remember(_at(place, found))
            return self._refuse(entry, COPY)
        with writing(self._tools.database) as session:
            refusals.forget(session, [entry.path])
        footage = self._remember(found)
        self._go_on_with(footage)
        self._dealt_with.add(entry)
        return Taken(entry.path, footage)

    def _remember(self, found: Found) -> Added | AlreadyKnown:
        return remember(
            found,
            context=self._tools,
            plan=self._plan,
            now=self._tools.clock(),
            request=self._request,
        )

    def _go_on_with(self, footage: Added | AlreadyKnown) -> None:
        """Retry the segments that were quarantined while the file was missing."""
        if isinstance(footage, AlreadyKnown) and footage.state is not State.CANCELLED:
            with writing(self._tools.database) as session:
                control.retry(session, [footage.analysis_id])

    def _try_again(self, entry: Entry, error: Exception) -> str:
        """Wait until a file is settled again; returns a reason to reject it after too many
        attempts, else an empty string."""
        self._failures[entry] += 1
        explained = isinstance(error, NightreelError)
        if not explained:
            log.exception("a file could not be taken")
        if self._failures[entry] < MOST_ATTEMPTS:
            self._settling.start_again(entry)
            return ""
        unexpected = f"An unexpected {type(error).__name__} ended it; the log says more."
        return str(error) if explained else unexpected

    def _refuse(self, entry: Entry, reason: str) -> Refused | None:
        refusal = Refusal(
            path=entry.path,
            name=display_name(Path(entry.path)),
            size_bytes=entry.size_bytes,
            modified_ns=entry.modified_ns,
            reason=reason,
            refused_at=self._tools.clock(),
        )
        with writing(self._tools.database) as session:
            is_new = refusals.add(session, refusal)
        self._dealt_with.add(entry)
        return Refused(entry.path, reason) if is_new else None


def list_refusals(database: Engine) -> list[Refusal]:
    """The files of watched folders that were rejected, latest first. Raises StoreUnavailable."""
    with reading(database) as session:
        return refusals.all_refusals(session)


def _stands(reason: str | None, entry: Entry, places: Sequence[Place]) -> bool:
    """Whether the reason for rejecting a file, which has not changed since, still applies."""
    if reason in TROUBLES or entry.trouble:
        return reason == entry.trouble
    if reason == COPY:
        originals = [place for place in places if place.size_bytes == entry.size_bytes]
        return bool(originals) and all(map(_is_there, originals))
    return reason is not None


def _is_there(place: Place) -> bool:
    now = look_at(place.path)
    return now is not None and not now.trouble and _file(now) == _file(place)


def _file(file: Entry | Place | Refusal) -> tuple[str, int, int]:
    return file.path, file.size_bytes, file.modified_ns


def _at(place: Place, found: Found) -> Found:
    """The same footage, with the path where it was added first."""
    recording = replace(found.recording, path=place.path)
    return replace(found, modified_ns=place.modified_ns, recording=recording)
