"""Ingest footage: read its header and bytes, divide it into segments, and store it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from errors import FootageVanished
from footage.ffmpeg import Decoder
from footage.opening import VANISHED
from footage.recording import fingerprint, probe
from footage.segments import divide
from pipeline.act import Caller
from pipeline.context import Context
from pipeline.local_footage import fetched, modified_ns
from pipeline.names import display_name
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.database.database import writing
from storage.files.objects import Address
from storage.jobs.recordings import AS_USUAL, Added, AlreadyKnown, Found, Request, add


def ingest_file(
    place: Path | Address,
    *,
    context: Context,
    plan: Plan,
    now: datetime,
    request: Request = AS_USUAL,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> Added | AlreadyKnown:
    """Add one file and queue its segments; the same bytes are recognised and added only once.

    `progress` is called with the number of bytes read so far. Raises as `read_footage`, and
    StoreUnavailable.
    """
    if isinstance(place, Address):
        found = read_object(place, context, progress)
    else:
        found = read_footage(place, context.decoder, progress)
    return remember(found, context=context, plan=plan, now=now, request=request)


def read_footage(
    path: Path, decoder: Decoder, progress: Callable[[int], None] = lambda _bytes: None
) -> Found:
    """Read a file's packets, then its bytes; nothing is stored.

    `progress` is called with the number of bytes read so far. Raises UnreadableFootage,
    RefusedFootage, FootageVanished, DecoderFailed.
    """
    absolute = _absolute(path)
    recording = probe(str(absolute), decoder)
    changed_ns = _modified_ns(absolute)  # before it is read, so that a later write shows
    sha256 = fingerprint(str(absolute), progress)
    return Found(sha256, display_name(path), changed_ns, recording)


def read_object(
    address: Address, context: Context, progress: Callable[[int], None] = lambda _bytes: None
) -> Found:
    """`read_footage` for a recording in the object store; the whole object is fetched once.

    `progress` is called with the number of bytes fetched so far. Raises as `read_footage`, and
    StoreUnavailable.
    """
    with fetched(address, context.footage_store, progress) as (file, entry):
        recording = replace(probe(str(file), context.decoder), path=str(address))
        sha256 = fingerprint(str(file))
    name = display_name(PurePosixPath(address.key))
    return Found(sha256, name, modified_ns(entry), recording, entry.tag or None)


def remember(
    found: Found, *, context: Context, plan: Plan, now: datetime, request: Request = AS_USUAL
) -> Added | AlreadyKnown:
    """Store footage that was read, and queue its segments. Raises StoreUnavailable."""
    with writing(context.database) as session:
        added = add(
            session,
            found,
            plan_key=plan.key,
            plan_body=plan.body,
            segments=divide(found.recording, plan.max_segment_seconds),
            now=now,
            request=request,
        )
        Caller(context.database, request.actor, now).act(Action.RECORDING_ADDED).record(
            session,
            request.case_id,
            recording_id=added.recording_id,
            analysis_id=added.analysis_id,
            recording_sha256=found.sha256,
            plan_key=plan.key,
            known_before=isinstance(added, AlreadyKnown),
        )
    return added


def _absolute(path: Path) -> Path:
    # A case's sources are compared with the parts of the path, so none of them may lead elsewhere.
    path = path.absolute()
    return path.parent.resolve() / path.name if ".." in path.parts else path


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise FootageVanished(VANISHED) from error
