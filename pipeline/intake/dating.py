"""State when footage was recorded, after it was added."""

from datetime import UTC, datetime, timedelta

from errors import WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.access.chain import stamp
from storage.database.database import writing
from storage.jobs import recordings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def date_recording(caller: Caller, recording_id: int, captured_at: datetime) -> None:
    """Store when a recording was made, as the caller states it; recorded with the time before.

    What it is compared with changes with the time; upkeep compares it again. Raises NotFound,
    WrongUsage for a time in the future, StoreUnavailable.
    """
    if captured_at > caller.now:
        raise WrongUsage("The recording time is in the future; enter it in UTC.")
    with writing(caller.database) as session:
        before_ms = recordings.date_recording(session, recording_id, captured_at)
        times = {"captured": stamp(captured_at)}
        if before_ms is not None:
            times["before"] = stamp(_EPOCH + timedelta(milliseconds=before_ms))
        act = caller.act(Action.RECORDING_DATED)
        act.record(session, None, recording_id=recording_id, **times)
