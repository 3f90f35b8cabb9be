"""Process one segment under a lease: claim it, analyse it, commit the results.

Segments of crops to re-embed are processed the same way; see `pipeline.analysis.reembed`.
"""

import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from structlog.contextvars import bound_contextvars

from errors import (
    LeaseLost,
    NightreelError,
    OtherWeights,
    Permanent,
    StoreUnavailable,
)
from faces.appearances import Appearance
from faces.engine import FaceEngine
from pipeline.analysis.analyse import Findings, analyse
from pipeline.analysis.heartbeat import Heartbeat
from pipeline.analysis.reembed import reembed
from pipeline.context import Context
from pipeline.crops import jpeg_of
from pipeline.local_footage import Known, local_copy
from pipeline.plan import Plan
from pipeline.retry import retrying
from storage.database.database import reading, writing
from storage.files.sealed import Album
from storage.jobs import ledger
from storage.jobs.ledger import ClaimedSegment
from storage.jobs.overlaps import remember_glimpses
from storage.vectors.appearances import Presence
from storage.vectors.models import is_pinned, pin

log = logging.getLogger(__name__)


def watch(segment_id: int, context: Context) -> int | None:
    """Process a segment, unless it is done or another worker has it; twice equals once.

    Returns the id of its analysis if that has no open segment left and can be matched, else None.
    Failures are recorded on the segment. Raises StoreUnavailable only if that is impossible for
    the length of a lease.
    """
    owner = f"{context.process_name()}.{uuid.uuid4().hex}"
    claimed = retrying(partial(_claim, segment_id, owner, context), context.lease_seconds)
    if claimed is None:
        return None
    ids = {"segment": claimed.id, "recording": claimed.recording_id}
    with bound_contextvars(**ids, attempt=claimed.attempt):
        try:
            is_last = _work(claimed, owner, context)
        except LeaseLost as error:
            log.warning("%s", error)
            return None
        log.info("ended")
    return claimed.analysis_id if is_last else None


def _claim(segment_id: int, owner: str, context: Context) -> ClaimedSegment | None:
    with writing(context.database) as session:
        return ledger.claim(session, segment_id, owner, context.lease_seconds, context.clock())


def _work(claimed: ClaimedSegment, owner: str, context: Context) -> bool:
    try:
        with Heartbeat(context, claimed.id, owner) as heartbeat:
            return _do(claimed, owner, context, heartbeat)
    except LeaseLost:
        raise
    except StoreUnavailable:
        # A full disk is not the footage's fault: if the ledger can be written, no attempt counts.
        _release(claimed, owner, context)
        raise
    except OtherWeights as error:
        # It is this machine's fault; another machine may have the right weights.
        log.error("segment %d was given back: other weights", claimed.id)
        _release(claimed, owner, context, str(error))
        return False
    except NightreelError as error:
        return _record(claimed, owner, context, str(error), permanent=isinstance(error, Permanent))
    except Exception as error:
        # Its text may quote data; the log keeps the traceback, the ledger only the type.
        log.exception("segment %d failed", claimed.id)
        reason = f"An unexpected {type(error).__name__} ended it; the worker's log says more."
        return _record(claimed, owner, context, reason, permanent=False)
    except BaseException:
        _release(claimed, owner, context)
        raise


def _do(claimed: ClaimedSegment, owner: str, context: Context, heartbeat: Heartbeat) -> bool:
    plan = Plan.from_body(claimed.plan_body)
    engine = context.engine_for(plan)
    _check_weights(engine, context)
    if claimed.origin_id is None:
        return _watch_claimed(claimed, owner, context, heartbeat, plan)
    return reembed(claimed, claimed.origin_id, owner, context, engine, heartbeat.check)


def _check_weights(engine: FaceEngine, context: Context) -> None:
    name, weights = engine.card.name, engine.weights_sha256
    with reading(context.database) as session:
        if is_pinned(session, name, weights):
            return
    with writing(context.database) as session:
        pin(session, name, weights, context.clock())


def _watch_claimed(
    claimed: ClaimedSegment, owner: str, context: Context, heartbeat: Heartbeat, plan: Plan
) -> bool:
    added = Known(claimed.recording, claimed.sha256, claimed.modified_ns, claimed.object_tag)
    with local_copy(added, context.footage_store) as recording:
        findings = analyse(
            recording,
            claimed.segment,
            plan=plan,
            engine=context.engine_for(plan),
            decoder=context.decoder,
            check=heartbeat.check,
        )
    # Do not retry for longer than a lease: by then the segment is another worker's.
    return retrying(partial(_keep, findings, claimed, owner, context), context.lease_seconds)


def _keep(findings: Findings, claimed: ClaimedSegment, owner: str, context: Context) -> bool:
    seen = _kept(findings.appearances, claimed.recording_id, context)
    with writing(context.database) as session:
        is_last = ledger.finish(
            session, claimed.id, owner, findings.coverage, seen, context.clock()
        )
        remember_glimpses(session, claimed.id, findings.glimpses)
        return is_last


def _kept(appearances: Sequence[Appearance], recording_id: int, context: Context) -> list[Presence]:
    if not appearances:
        return []
    album = context.media.of_recording(recording_id)
    return [as_presence(appearance, album) for appearance in appearances]


def as_presence(appearance: Appearance, album: Album) -> Presence:
    """Save an appearance's crops in the media store. Raises StoreUnavailable."""
    return Presence(
        start_ms=appearance.start_ms,
        end_ms=appearance.end_ms,
        best_ms=appearance.best_ms,
        box=appearance.box,
        score=appearance.score,
        quality=appearance.quality,
        faces=appearance.observations,
        vector=appearance.vector,
        crops=tuple(album.save(jpeg_of(crop)) for crop in appearance.crops),
    )


def _release(
    claimed: ClaimedSegment, owner: str, context: Context, reason: str | None = None
) -> None:
    with suppress(StoreUnavailable), writing(context.database) as session:
        ledger.release(session, claimed.id, owner, reason)


def _record(
    claimed: ClaimedSegment, owner: str, context: Context, reason: str, *, permanent: bool
) -> bool:
    def record() -> bool:
        with writing(context.database) as session:
            return ledger.record_failure(session, claimed.id, owner, reason, permanent)

    return retrying(record, context.lease_seconds)
