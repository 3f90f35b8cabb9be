"""Add recordings of the archive to the footage of a case, or remove them."""

from sqlalchemy import delete
from sqlmodel import Session, col, select

from errors import NotFound
from storage import tables
from storage.cases.cases import Case
from storage.database.upsert import insert_if_new
from storage.results.ranking import forget_candidates_outside


def add_footage(session: Session, case: Case, recording_id: int) -> bool:
    """Add a recording to a case, whose people are then to be compared again.

    Returns False if the case already had it. Raises NotFound if there is no such recording.
    """
    if session.get(tables.Recording, recording_id) is None:
        raise NotFound("No such recording; see the list of recordings.")
    of_case = {"case_id": case.id, "recording_id": recording_id}
    return insert_if_new(session, tables.CaseRecording, **of_case)


def remove_footage(session: Session, case: Case, recording_id: int) -> int:
    """Remove a recording from a case; returns how many candidates were deleted.

    Groups lose the appearances in it; verdicts stay. Raises NotFound if the case does not have it.
    """
    row = session.get(tables.CaseRecording, (case.id, recording_id))
    if row is None:
        raise NotFound("This recording was not added for this case; see the footage of the case.")
    session.delete(row)
    session.flush()
    seen = select(tables.Appearance.id).join(tables.Analysis)
    seen_in_it = seen.where(col(tables.Analysis.recording_id) == recording_id)
    of_case = select(tables.FaceGroup.id).where(col(tables.FaceGroup.case_id) == case.id)
    members = delete(tables.GroupMember).where(
        col(tables.GroupMember.group_id).in_(of_case),
        col(tables.GroupMember.appearance_id).in_(seen_in_it),
    )
    session.exec(members)
    return forget_candidates_outside(session, case)
