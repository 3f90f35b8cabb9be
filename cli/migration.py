"""`nightreel models migrate|omitted|compare|use`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import caller
from cli.footage import ask_for_new, own_case
from cli.output import err, out, print_json, table
from cli.people import ask_for
from cli.progress import wait_for
from faces import models as known
from faces.calibration import Suggestion
from faces.engine import FaceEngine
from pipeline.analysis import migrate as steps
from pipeline.governance.cases import find_case
from pipeline.people.compare import Compared, Comparison, EngineResult, compare_reviewed
from report.timeline import clock
from storage.access.audit import Action
from storage.jobs.reembedded import Standing
from worker.resources import PHOTO_MIN_FACE_PX, resources

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def migrate(
    to: Annotated[str, typer.Option("--to", help="Engine to embed the stored crops with.")],
    case: Annotated[str, typer.Option(help="Only the footage of this case.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is finished.")] = False,
    as_json: AsJson = False,
) -> None:
    """Re-embed stored crops and reference photos with another engine; no footage is decoded.

    The engine in use stays in use. Repeat the command to add new crops and see the progress.
    """
    mine, engine = resources(), engine_called(to)
    asked = steps.migrate(
        caller(),
        engine,
        case_id=own_case(case),
        context=mine.context,
        current=mine.engine,
    )
    ask_for_new()
    ask_for(asked.people)
    if wait:
        wait_for(asked.analyses, people=asked.people)
    far = steps.standing(mine.database, engine.card.name)
    if as_json:
        print_json({"engine": engine.card.name} | asdict(far))
    else:
        out.print(_far(engine.card.name, far))


def omitted(
    engine: Annotated[str, typer.Argument(help="The engine.")], as_json: AsJson = False
) -> None:
    """List the appearances that an engine could not re-embed, with reasons."""
    omissions = steps.omitted(resources().database, engine)
    if as_json:
        print_json([asdict(omission) for omission in omissions])
        return
    shown = table("", "#appearance", "recording", "from", "to", "reason")
    for omission in omissions:
        shown.add_row(
            str(omission.appearance_id), omission.recording,
            clock(omission.start_ms), clock(omission.end_ms), omission.reason,
        )  # fmt: skip
    out.print(shown)


def compare(
    before: Annotated[str, typer.Argument(help="An engine, for example the one in use.")],
    after: Annotated[str, typer.Argument(help="Another engine, after `models migrate`.")],
    case: Annotated[str, typer.Option(help="Only what was reviewed in this case.")] = "",
    as_json: AsJson = False,
) -> None:
    """Compare rank and distance of reviewed candidates, and suggest a threshold."""
    first, second = engine_called(before), engine_called(after)
    asked, keys = caller(), resources().media.keys
    case_id = find_case(asked, case, Action.CANDIDATES_VIEWED) if case else None
    comparison = compare_reviewed(asked, case_id, first.card, second.card, keys=keys)
    if as_json:
        print_json(_document(before, after, comparison))
        return
    out.print(_compared_table(before, after, comparison))
    err.print(_said(comparison.suggestion, second))


def use(
    engine: Annotated[str, typer.Argument(help="Engine to use.")],
    reason: Annotated[str, typer.Option(help="Reason; it is recorded.")],
    partly: Annotated[
        bool, typer.Option("--partly", help="Even if its migration is incomplete.")
    ] = False,
) -> None:
    """Switch to another engine, or back; verdicts are kept."""
    chosen, current = engine_called(engine), resources().engine
    number = steps.use(caller(), chosen, reason=reason, partly=partly, current=current)
    err.print(
        f"{engine} is in use (choice {number}); see `nightreel changes`. "
        "Watched folders use it from the next `nightreel up`."
    )


def engine_called(name: str) -> FaceEngine:
    """The engine of this name. Raises ModelUnavailable if it cannot be used here."""
    mine = resources()
    card = known.require(name, mine.weights_folder)
    if card and (notice := known.notice(card)):
        err.print(notice)
    return mine.face_engine(name, PHOTO_MIN_FACE_PX)


def _far(engine: str, far: Standing) -> Table:
    shown = table("", "engine", "#queued", "#ended", "#embedded", "#omitted", "reasons")
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


def _document(before: str, after: str, comparison: Comparison) -> dict[str, object]:
    suggestion = comparison.suggestion
    return {
        "before": before,
        "after": after,
        "reviewed": [
            {
                "person_id": compared.key.person_id,
                "appearance": compared.key.appearance_id,
                "decision": compared.decision.value,
                "before": asdict(compared.before),
                "after": asdict(compared.after),
            }
            for compared in comparison.reviewed
        ],
        "suggestion": suggestion
        and asdict(suggestion) | {"is_calibrated": suggestion.is_calibrated},
    }


def _compared_table(before: str, after: str, comparison: Comparison) -> Table:
    shown = table(
        f"Reviewed candidates by {before} and by {after}; their distances are not comparable",
        *("#person", "#appearance", "verdict", "#rank", "#distance", "#new rank"),
        "#new distance",
    )
    for compared in comparison.reviewed:
        shown.add_row(*_row(compared))
    if not comparison.reviewed:
        shown.add_row("nothing reviewed")
    return shown


def _row(compared: Compared) -> tuple[str, ...]:
    key = (str(compared.key.person_id), str(compared.key.appearance_id), compared.decision.value)
    return (*key, *_cells(compared.before), *_cells(compared.after))


def _cells(result: EngineResult) -> tuple[str, str]:
    distance = "not embedded" if result.distance is None else f"{result.distance:.3f}"
    return str(result.rank or "none"), distance


def _said(suggestion: Suggestion | None, engine: FaceEngine) -> str:
    if suggestion is None:
        return (
            "No threshold can be suggested: it takes at least one verdict `same` and one "
            f"`different`. {engine.card.name} has {engine.card.threshold}."
        )
    caution = "" if suggestion.is_calibrated else " Few verdicts: it is uncalibrated."
    return (
        f"Fewest errors on the verdicts: a threshold of {suggestion.threshold:.3f}, instead of "
        f"{engine.card.threshold} ({suggestion.same} same, {suggestion.missed} of them further "
        f"away; {suggestion.different} different, {suggestion.admitted} of them "
        f"within).{caution} Only earlier candidates have verdicts; set a threshold with "
        "`nightreel models threshold`."
    )
