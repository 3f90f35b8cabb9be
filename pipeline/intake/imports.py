"""Import faces that other software cut from recordings; the footage need not be in the archive.

They become appearances that state who cut them and when they were imported. Nothing is decoded, so
no coverage is claimed.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from errors import Conflict, UnusablePhoto, WrongUsage
from faces.crop import Crop
from faces.engine import FaceEngine
from faces.face import Box, Image
from pipeline.act import Act, Caller
from pipeline.context import Context
from pipeline.crops import jpeg_of, whole
from pipeline.intake.face_table import Line, Refused, read_table
from pipeline.names import shown
from pipeline.people.portraits import OnlyFace, bytes_of, only_face, read_photo
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.database.database import reading, writing
from storage.files.sealed import Album
from storage.jobs import imports
from storage.jobs.imports import Held, Named
from storage.vectors.appearances import Presence
from storage.vectors.models import pin

SMALLEST_FACE_PX = 40
AT_ONCE = 500
"""Lines of one recording that are committed together; an interruption loses no more than these."""
LONGEST_CUT_BY = 200
NOWHERE = Box(0, 0, 0, 0)
"""The box of a face whose position in the recording's frame is unknown."""


@dataclass(slots=True)
class Imported:
    """The result of an import."""

    analyses: list[int] = field(default_factory=list)
    """The analyses to match."""
    appearances: int = 0
    known: int = 0
    """The number of lines that were imported before."""
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Import:
    """The parameters that are the same for every line."""

    folder: Path
    case_id: int
    plan: Plan
    engine: FaceEngine
    context: Context
    act: Act


@dataclass(frozen=True, slots=True)
class _Place:
    """The recording that faces are imported to, and the faces it has already."""

    held: Held
    album: Album
    known: set[tuple[int, str]]


def import_faces(
    caller: Caller,
    case_id: int,
    table: Path,
    folder: Path,
    *,
    cut_by: str,
    engine: str,
    context: Context,
    progress: Callable[[int], None] = lambda _lines: None,
) -> Imported:
    """Import the faces of a table, with pictures in a folder, as appearances in a case's footage.

    Twice equals once: the same picture at the same time of a recording is imported once. `progress`
    is called with the number of lines done so far. Raises NotAuthorised when the case is not in
    force, WrongUsage, OtherWeights, ModelUnavailable, StoreUnavailable.
    """
    act = caller.act(Action.IMPORTED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_in_force(session, case_id, caller.now)
    if not folder.is_dir():
        raise WrongUsage("No such folder; name the one that contains the table's files.")
    read = read_table(table)
    plan = _plan(engine, cut_by)
    job = _Import(folder.resolve(), case_id, plan, context.engine_for(plan), context, act)
    done = Imported(refused=read.refused)
    done_lines = 0
    for named, lines in _portions(read.lines):
        _import_portion(named, lines, job, done)
        done_lines += len(lines)
        progress(done_lines)
    done.refused.sort(key=lambda refused_line: refused_line.number)
    act.note(
        case_id,
        what="table",
        table_sha256=read.sha256,
        appearances=done.appearances,
        known=done.known,
        refused=len(done.refused),
    )
    return done


def _plan(engine: str, cut_by: str) -> Plan:
    """The plan of an import, without its time, which is set when faces are stored.

    Raises WrongUsage for a `cut_by` that is empty or too long.
    """
    name = shown(cut_by.strip())
    if not name or len(name) > LONGEST_CUT_BY:
        raise WrongUsage("Say in up to 200 characters what or who cut the faces, with --cut-by.")
    return Plan(engine=engine, min_face_px=SMALLEST_FACE_PX, cut_by=name)


def _portions(lines: Sequence[Line]) -> Iterator[tuple[Named, list[Line]]]:
    """The lines of each recording in order of time, at most `AT_ONCE` at a time."""
    by_recording: dict[Named, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line.start_ms, line.number)):
        by_recording.setdefault(line.recording, []).append(line)
    for named, of_recording in by_recording.items():
        for first in range(0, len(of_recording), AT_ONCE):
            yield named, of_recording[first : first + AT_ONCE]


def _import_portion(named: Named, lines: Sequence[Line], job: _Import, done: Imported) -> None:
    place: _Place | None = None
    seen: list[Presence] = []
    for line in lines:
        try:
            image = _picture(line.file, job.folder)
            jpeg = jpeg_of(Crop(whole(image)))
            if place and (line.start_ms, place.album.name_of(jpeg)) in place.known:
                done.known += 1
                continue
            face = only_face(image, job.engine)
            place = place or _place(named, max(presence.end_ms for presence in lines), job)
        except (UnusablePhoto, Conflict) as reason:
            done.refused.append(Refused(line.number, shown(line.file), str(reason)))
            continue
        presence = _presence(line, face, place.album.save(jpeg), job.engine)
        if (presence.best_ms, presence.crops[0]) in place.known:
            done.known += 1
        else:
            place.known.add((presence.best_ms, presence.crops[0]))
            seen.append(presence)
    if place and seen:
        _keep(seen, place.held, job, done)


def _picture(file: str, folder: Path) -> Image:
    """A picture of the folder, upright. Raises UnusablePhoto, also for a path outside it."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder):
        raise UnusablePhoto("It lies outside the folder; only what is in there is read.")
    return read_photo(io.BytesIO(bytes_of(path)))


def _place(named: Named, last_ms: int, job: _Import) -> _Place:
    """Find or add the recording. Raises Conflict if it is ambiguous or not this case's footage."""
    caller = job.act.caller
    with job.act.on(job.case_id) as session:
        case_in_force(session, job.case_id, caller.now)
        held = imports.hold(session, job.case_id, named, last_ms=last_ms, now=caller.now)
        imported = imports.imported(session, held.recording_id)
        if held.is_new:
            caller.act(Action.RECORDING_ADDED).record(
                session,
                job.case_id,
                recording_id=held.recording_id,
                recording_sha256=held.sha256,
                kind="never-here",
            )
    return _Place(held, job.context.media.of_recording(held.recording_id), imported)


def _presence(line: Line, face: OnlyFace, crop: str, engine: FaceEngine) -> Presence:
    return Presence(
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        best_ms=line.start_ms,
        box=line.box or NOWHERE,
        score=face.face.score,
        quality=face.quality.value,
        faces=1,
        vector=engine.embed(face.chip)[0],
        crops=(crop,),
    )


def _keep(seen: Sequence[Presence], held: Held, job: _Import, done: Imported) -> None:
    # The current time: faces of the same recording that are stored later are a separate import.
    now, weights = job.context.clock(), job.engine.weights_sha256
    plan = replace(job.plan, imported_at=now.isoformat())
    with writing(job.context.database) as session:
        pin(session, job.engine.card.name, weights, now)
        analysis_id, new = imports.add_import(
            session,
            held.recording_id,
            seen,
            plan_key=plan.key,
            plan_body=plan.body,
            weights_sha256=weights,
            now=now,
        )
        if analysis_id is not None:
            job.act.record(
                session,
                job.case_id,
                recording_id=held.recording_id,
                analysis_id=analysis_id,
                plan_key=plan.key,
                appearances=len(new),
                engine=job.engine.card.name,
                weights_sha256=weights,
            )
    done.known += len(seen) - len(new)
    done.appearances += len(new)
    done.analyses += [] if analysis_id is None else [analysis_id]
