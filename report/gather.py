"""Collect a report's content from the database and the crops."""

from collections.abc import Sequence
from typing import cast

from faces.engine import FaceEngine
from pipeline.act import Caller
from pipeline.judging.listed import Listed, each_listed
from pipeline.judging.results import as_logged
from pipeline.people.disagreements import disagreements
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
from storage.jobs.listing import (
    analyses_concerning,
    claimed_duration_ms,
    people_of_case,
    spans,
)
from storage.jobs.overlaps import SameFootage, same_footage
from storage.jobs.progress import Outcome, outcomes
from storage.results.calibrations import current
from storage.results.candidates import candidates
from storage.results.compared import Compared, compared

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
    """The report on a case's people in the recordings of these analyses, all under one plan.

    `refused` are rejected files as (name, reason). Raises NotAuthorised if there is no such case,
    and Locked if its authorisation is still missing.
    """
    act = caller.act(Action.REPORT_WRITTEN)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        named = set(analyses_concerning(session, case)).intersection(analysis_ids)
        results = outcomes(session, sorted(named))
        answers = compared(session, case, engine.card.name, caller.now)
        with_what = {answer.person_id: answer for answer in answers}
        rows = candidates(session, case_id=case_id, analysis_ids=named)
        listed = list(each_listed(session, case_id, rows))
        people = [
            (
                name,
                references(session, person),
                [candidate for candidate in listed if candidate.row.person_id == person],
                with_what[person],
                disagreements(session, person, engine.card, keys=media.keys),
            )
            for person, name in people_of_case(session, case.id)
        ]
        recordings = _recordings(session, results)
        made = current(session, case).get((engine.card.name, engine.card.threshold))
    weights = {"engine": engine.card.name, "weights_sha256": engine.weights_sha256}
    act.note(case.id, **as_logged(rows), **weights)
    places = {outcome.analysis_id: place for place, outcome in enumerate(results)}
    return Report(
        made_at=caller.now,
        plan_key=plan.key,
        plan=tuple(in_words(plan)),
        engine=_card(engine),
        persons=tuple(_person(*person, places, media) for person in people),
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
    candidates: Sequence[Listed],
    with_what: Compared,
    disagreements: tuple[str, ...],
    places: dict[int, int],
    media: SealedMedia,
) -> PersonSection:
    by_crop = {photo.crop: place for place, photo in enumerate(photos)}
    return PersonSection(
        name=name,
        references=tuple(_reference(photo, media) for photo in photos),
        disagreements=disagreements,
        candidates=tuple(
            CandidateCard(
                listed=listed,
                recording=places[listed.row.seen.analysis_id],
                reference=by_crop[listed.row.reference_crop],
                crops=tuple(media.read(crop) for crop in listed.row.seen.crops[:CROPS_SHOWN]),
            )
            for listed in candidates
        ),
        compared=with_what,
    )


def _reference(photo: Reference, media: SealedMedia) -> ReferenceRow:
    return ReferenceRow(
        photo=photo.photo_name,
        crop=media.read(photo.crop) if photo.crop else b"",
        quality=photo.quality or 0.0,
        verdict=photo.verdict,
    )


def _recordings(session: Session, results: Sequence[Outcome]) -> tuple[RecordingRow, ...]:
    shared = same_footage(session, {outcome.recording_id for outcome in results})
    return tuple(_recording(session, outcome, shared) for outcome in results)


def _recording(session: Session, outcome: Outcome, shared: Sequence[SameFootage]) -> RecordingRow:
    return RecordingRow(
        name=outcome.name,
        sha256=outcome.sha256,
        duration_ms=outcome.duration_ms,
        state=cast(State, outcome.state.value),
        duration_claimed_ms=claimed_duration_ms(session, outcome.recording_id),
        decoded_ms=outcome.decoded_ms,
        sampled_frames=outcome.sampled_frames,
        faces=outcome.faces,
        appearances=tuple(spans(session, outcome.analysis_id)),
        gaps=tuple(outcome.gaps),
        reason=" ".join(outcome.reasons),
        imported=outcome.cut_by is not None,
        shared=tuple(
            SharedFootage(
                same.first, same.overlap.start_ms, same.overlap.end_ms, same.overlap.offset_ms
            )
            for same in shared
            if same.second_id == outcome.recording_id
        ),
    )
