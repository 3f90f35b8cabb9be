"""`nightreel models threshold`."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.actor import caller
from cli.migration import engine_called
from cli.output import err, out, print_json, quantity, table
from cli.people import ask_for
from pipeline.people.thresholds import Effect, change_threshold, chosen_thresholds, effect
from storage.database.moments import in_utc
from worker.resources import resources


def threshold(
    engine: Annotated[str, typer.Argument(help="The engine.")],
    value: Annotated[
        float | None, typer.Argument(help="New threshold: the largest distance of a candidate.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Reason; it is recorded. Without it nothing changes.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Set the threshold of an engine, or preview its effect on reviewed candidates.

    Without a value, list the thresholds set so far.
    """
    if value is None:
        _print_chosen(engine, as_json)
        return
    chosen, keys = engine_called(engine), resources().media.keys
    if reason:
        changed = change_threshold(caller(), chosen, value, reason=reason, keys=keys)
        _print_effect(changed.effect, as_json)
        err.print(
            f"In use; {quantity(len(changed.people), 'person', 'people')} to compare again; see "
            "`nightreel changes`. Calibrations at the earlier threshold no longer apply."
        )
        ask_for(changed.people)
        return
    _print_effect(effect(caller(), chosen.card, value, keys=keys), as_json)
    err.print("Nothing changed; give a --reason to set it.")


def _print_chosen(engine: str, as_json: bool) -> None:
    card = engine_called(engine).card
    choices = chosen_thresholds(resources().database, engine)
    if as_json:
        chosen = [
            asdict(choice) | {"chosen_at": choice.chosen_at.isoformat()} for choice in choices
        ]
        print_json({"engine": engine, "threshold": card.threshold, "chosen": chosen})
        return
    shown = table(f"{engine}: threshold {card.threshold:g}", "#threshold", "since")
    for column in ("by", "reason"):
        shown.add_column(column, overflow="fold")
    for choice in choices:
        at = in_utc(choice.chosen_at)
        shown.add_row(f"{choice.threshold:g}", at, choice.actor, choice.reason)
    if not choices:
        shown.add_row("", "engine default")
    out.print(shown)


def _print_effect(effect: Effect, as_json: bool) -> None:
    if as_json:
        print_json(asdict(effect))
        return
    shown = table(
        "Verdicts that reviewers agree on, within the threshold",
        *("#threshold", f"#same, of {effect.same}", f"#different, of {effect.different}"),
    )
    for counts in (effect.before, effect.after):
        shown.add_row(f"{counts.threshold:g}", str(counts.same), str(counts.different))
    out.print(shown)
