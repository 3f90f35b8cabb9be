"""What the recording time of a case's footage means for the case, in words."""

from pipeline.recording_times import captured_in_words
from report.case_terms import period
from storage.cases.cases import EVER, Case
from storage.database.moments import milliseconds
from storage.jobs.progress import Outcome


def time_note(case: Case, footage: Outcome) -> str:
    """A sentence on footage that was added for a case, if nobody says when it was recorded or if
    that is outside the case's recording period; else empty."""
    if (case.footage_from, case.footage_until) == EVER or _is_inside(case, footage):
        return ""
    told = captured_in_words(footage.captured_ms, footage.captured_by, footage.captured_words)
    told = f"{told[0].upper()}{told[1:]}"
    if footage.captured_ms is None:
        return (
            f"{told}, and the case has a recording period ({period(case)}). It is compared all the "
            "same, and results say that its time is unknown."
        )
    return f"{told}. That is outside the recording period ({period(case)}), so it is not compared."


def _is_inside(case: Case, footage: Outcome) -> bool:
    if footage.captured_ms is None:
        return False
    ended_ms = footage.captured_ms + footage.duration_ms
    begins_in_time = footage.captured_ms < milliseconds(case.footage_until)
    return begins_in_time and ended_ms >= milliseconds(case.footage_from)
