"""`nightreel models migrate|omitted|compare|use`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import actor
from cli.footage import ask_for_new, id_of_case
from cli.output import err, out, print_json, table
from cli.people import ask_for
from cli.progress import wait_for
from faces import models as known
from faces.calibration import Suggestion
from faces.engine import FaceEngine
from pipeline.act import Act
from pipeline.analysis import migrate as steps
from pipeline.clock import utc_now
from pipeline.people.compare import Compared, Comparison, Seen
from pipeline.people.compare import compare as compare_engines
from report.timeline import clock
from storage.access.audit import Action
from storage.cases.cases import case_to_read, list_cases
from storage.database.database import reading
from storage.jobs import reembedded
from storage.jobs.reembedded import Standing
from worker.resources import PHOTO_MIN_FACE_PX, resources

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def migrate(
    to: Annotated[str, typer.Option("--to", help="The engine that is to see what is kept.")],
    case: Annotated[str, typer.Option(help="Only the footage of this case.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all of it is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have another engine embed all kept crops and reference photos; no footage is decoded.

    The engine in use stays in use. Given again, it asks for what is new and says how far it is.
    """
    mine, engine = resources(), engine_called(to)
    asked = steps.migrate(
        engine, case_id=id_of_case(case), context=mine.context, current=mine.engine, actor=actor()
    )
    ask_for_new()
    ask_for(asked.people)
    if wait:
        wait_for(mine.database, asked.analyses, people=asked.people)
    with reading(mine.database) as session:
        far = reembedded.standing(session, engine.card.name)
    if as_json:
        print_json({"engine": engine.card.name} | asdict(far))
    else:
        out.print(_far(engine.card.name, far))


def omitted(
    engine: Annotated[str, typer.Argument(help="The engine.")], as_json: AsJson = False
) -> None:
    """The appearances that an engine could not embed anew, each with its reason."""
    with reading(resources().database) as session:
        found = reembedded.omitted(session, engine)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("", "#appearance", "recording", "from", "to", "reason")
    for one in found:
        shown.add_row(
            str(one.appearance_id), one.recording, clock(one.start_ms), clock(one.end_ms),
            one.reason,
        )  # fmt: skip
    out.print(shown)


def compare(
    before: Annotated[str, typer.Argument(help="An engine, say the one in use.")],
    after: Annotated[str, typer.Argument(help="Another that has seen the same.")],
    case: Annotated[str, typer.Option(help="Only what was reviewed in this case.")] = "",
    as_json: AsJson = False,
) -> None:
    """How rank and distance of every reviewed candidate differ, and a threshold to consider."""
    mine = resources()
    first, second = engine_called(before), engine_called(after)
    act = Act(mine.database, actor(), Action.CANDIDATES_VIEWED, utc_now())
    with act.refusals(case), reading(mine.database) as session:
        cases = [case_to_read(session, case, act.now)] if case else list_cases(session)
        ids, keys = [one.id for one in cases], mine.media.keys
        found = compare_engines(session, ids, first.card, second.card, keys=keys)
    for one in cases:
        act.note(one.id, what="compare")
    if as_json:
        print_json(_document(before, after, found))
        return
    out.print(_compared_table(before, after, found))
    err.print(_said(found.suggestion, second))


def use(
    engine: Annotated[str, typer.Argument(help="The engine whose candidates are to be shown.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    partly: Annotated[
        bool, typer.Option("--partly", help="Although it has not seen everything yet.")
    ] = False,
) -> None:
    """Take another engine into use, or the earlier one back; verdicts stay."""
    mine, chosen = resources(), engine_called(engine)
    number = steps.use(
        chosen,
        reason=reason,
        partly=partly,
        context=mine.context,
        current=mine.engine,
        actor=actor(),
    )
    err.print(
        f"{engine} is in use (choice {number}); `nightreel changes` says what that changed. "
        "A folder that is being watched goes on with it from the next `nightreel up`."
    )


def engine_called(name: str) -> FaceEngine:
    """Raises ModelUnavailable when it cannot be used here."""
    mine = resources()
    card = known.require(name, mine.weights_folder)
    if card and (notice := known.notice(card)):
        err.print(notice)
    return mine.face_engine(name, PHOTO_MIN_FACE_PX)


def _far(engine: str, far: Standing) -> Table:
    shown = table("", "engine", "#recordings waiting", "#ended", "#embedded", "#omitted", "because")
    reasons = sorted(far.omitted.items())
    shown.add_row(
        engine,
        str(far.waiting),
        str(far.ended),
        str(far.embedded),
        str(sum(far.omitted.values())),
        "; ".join(f"{number}: {why}" for why, number in reasons),
    )
    return shown


def _document(before: str, after: str, found: Comparison) -> dict[str, object]:
    suggestion = found.suggestion
    return {
        "before": before,
        "after": after,
        "reviewed": [
            {
                "person_id": one.key.person_id,
                "appearance": one.key.appearance_id,
                "decision": one.decision.value,
                "before": asdict(one.before),
                "after": asdict(one.after),
            }
            for one in found.reviewed
        ],
        "suggestion": suggestion
        and asdict(suggestion) | {"is_calibrated": suggestion.is_calibrated},
    }


def _compared_table(before: str, after: str, found: Comparison) -> Table:
    shown = table(
        f"What was reviewed, by {before} and by {after}; their distances cannot be compared",
        *("#person", "#appearance", "decided", "#rank", "#distance", "#rank then"),
        "#distance then",
    )
    for one in found.reviewed:
        shown.add_row(*_row(one))
    if not found.reviewed:
        shown.add_row("nothing was reviewed")
    return shown


def _row(one: Compared) -> tuple[str, ...]:
    key = (str(one.key.person_id), str(one.key.appearance_id), one.decision.value)
    return (*key, *_cells(one.before), *_cells(one.after))


def _cells(seen: Seen) -> tuple[str, str]:
    distance = "not seen" if seen.distance is None else f"{seen.distance:.3f}"
    return str(seen.rank or "none"), distance


def _said(suggestion: Suggestion | None, engine: FaceEngine) -> str:
    if suggestion is None:
        return (
            "No threshold can be suggested: at least one candidate must have been decided to be "
            f"the same and one to be different. {engine.card.name} has {engine.card.threshold}."
        )
    caution = "" if suggestion.is_calibrated else " These are few: it is uncalibrated."
    return (
        f"Fewest errors on what was decided: a threshold of {suggestion.threshold:.3f}, instead of "
        f"{engine.card.threshold} ({suggestion.same} same, {suggestion.missed} of them further "
        f"away; {suggestion.different} different, {suggestion.admitted} of them within)."
        f"{caution} Only what was a candidate before could be decided on; `nightreel models "
        "threshold` takes another into use."
    )
