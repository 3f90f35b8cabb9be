"""Collect a report's content from the database and the crops."""

from collections.abc import Sequence
from typing import cast

from faces.engine import FaceEngine
from pipeline.act import Caller
from pipeline.judging.listed import Listed, each_listed
from pipeline.judging.results import as_logged
from pipeline.plan import Plan
from report.calibration import said
from report.case_terms import terms
from report.report_contents import (
    CandidateCard,
    EngineCard,
    PersonSection,
    RecordingRow,
    ReferenceRow,
    RefusedFile,
    Report,
    SharedFootage,
    State,
)
from report.settings_used import in_words
from storage.access.audit import Action
from storage.cases.cases import case_to_read
from storage.cases.references import Reference, references
from storage.database.database import Session, reading
from storage.files.sealed import SealedMedia
from storage.jobs.listing import claimed_duration_ms, people_of_case, spans
from storage.jobs.overlaps import SameFootage, same_footage
from storage.jobs.progress import Outcome, outcomes
from storage.results.calibrations import current
from storage.results.candidates import candidates

DISTANCES = {
    "euclidean_l2": "Euclidean distance between unit vectors",
    "cosine": "one minus the cosine",
}
CROPS_SHOWN = 5


def gather(
    caller: Caller,
    case_id: int,
    analysis_ids: Sequence[int],
    *,
    refused: Sequence[tuple[str, str]],
    plan: Plan,
    engine: FaceEngine,
    media: SealedMedia,
) -> Report:
    """Everything the page says of a case's people in these recordings, looked at under one plan.

    `refused` are file names with reasons. Raises NotAuthorised when there is no such case, Locked
    when it waits for its authorisation.
    """
    act = caller.act(Action.REPORT_WRITTEN)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        looked_at = outcomes(session, analysis_ids)
        rows = candidates(session, case_id=case_id, analysis_ids=analysis_ids)
        found = list(each_listed(session, case_id, rows))
        people = [
            (
                name,
                references(session, person),
                [one for one in found if one.row.person_id == person],
            )
            for person, name in people_of_case(session, case.id)
        ]
        recordings = _recordings(session, looked_at)
        made = current(session, case.id).get((engine.card.name, engine.card.threshold))
    weights = {"engine": engine.card.name, "weights_sha256": engine.weights_sha256}
    act.note(case.id, **as_logged(rows), **weights)
    places = {one.analysis_id: place for place, one in enumerate(looked_at)}
    return Report(
        made_at=caller.now,
        plan_key=plan.key,
        plan=tuple(in_words(plan)),
        engine=_card(engine),
        persons=tuple(_person(*one, places, media) for one in people),
        recordings=recordings,
        refused=tuple(RefusedFile(name, reason) for name, reason in refused),
        case_reference=case.reference,
        case=terms(case),
        calibration=said(made) if made else "",
    )


def _card(engine: FaceEngine) -> EngineCard:
    card = engine.card
    return EngineCard(
        name=card.name,
        distance=DISTANCES[card.distance],
        threshold=card.threshold,
        licence=card.licence,
        commercial_use=card.commercial_use,
        weights_sha256=engine.weights_sha256,
    )


def _person(
    name: str,
    photos: Sequence[Reference],
    found: Sequence[Listed],
    places: dict[int, int],
    media: SealedMedia,
) -> PersonSection:
    by_crop = {one.crop: place for place, one in enumerate(photos)}
    return PersonSection(
        name=name,
        references=tuple(_reference(one, media) for one in photos),
        candidates=tuple(
            CandidateCard(
                listed=one,
                recording=places[one.row.seen.analysis_id],
                reference=by_crop[one.row.reference_crop],
                crops=tuple(media.read(crop) for crop in one.row.seen.crops[:CROPS_SHOWN]),
            )
            for one in found
        ),
    )


def _reference(one: Reference, media: SealedMedia) -> ReferenceRow:
    return ReferenceRow(
        photo=one.photo_name,
        crop=media.read(one.crop) if one.crop else b"",
        quality=one.quality or 0.0,
        verdict=one.verdict,
    )


def _recordings(session: Session, looked_at: Sequence[Outcome]) -> tuple[RecordingRow, ...]:
    shared = same_footage(session, {one.recording_id for one in looked_at})
    return tuple(_recording(session, one, shared) for one in looked_at)


def _recording(session: Session, one: Outcome, known: Sequence[SameFootage]) -> RecordingRow:
    return RecordingRow(
        name=one.name,
        sha256=one.sha256,
        duration_ms=one.duration_ms,
        state=cast(State, one.state.value),
        duration_claimed_ms=claimed_duration_ms(session, one.recording_id),
        decoded_ms=one.decoded_ms,
        sampled_frames=one.sampled_frames,
        faces=one.faces,
        appearances=tuple(spans(session, one.analysis_id)),
        gaps=tuple(one.gaps),
        reason=" ".join(one.reasons),
        imported=one.cut_by is not None,
        shared=tuple(
            SharedFootage(
                same.first, same.overlap.start_ms, same.overlap.end_ms, same.overlap.offset_ms
            )
            for same in known
            if same.second_id == one.recording_id
        ),
    )
