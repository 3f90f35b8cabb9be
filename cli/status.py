"""`nightreel status`: what runs, what the night brought, and what remains."""

from typing import Annotated

import typer

from cli.actor import caller
from cli.output import out, print_json
from pipeline.planning.outlook import count_work
from report.morning import gather_night, in_words, night_as_json, night_as_text
from report.timeline import clock
from worker.resources import resources
from worker.stack_info import StackInfo, changed_since_start, running, services_alive


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    checked: Annotated[
        bool, typer.Option("--check", help="Only check health; exit code 1 on a problem.")
    ] = False,
) -> None:
    """Show services, finished and queued work, and what needs attention."""
    if checked:
        from cli.health import check  # Celery takes as long as all the rest

        check(as_json=as_json)
        return
    mine = resources()
    windows = mine.windows  # a setting out of range is reported before anything is created
    home = mine.settings.home_folder
    asked = caller()
    all_there_is, workers = count_work(asked)
    stack = running(home)
    services = services_alive(home) if stack or not mine.settings.broker_url else {}
    here = stack.workers if stack else 0
    changed = changed_since_start(mine.settings)
    night = gather_night(mine.database, workers=here, windows=windows, now=asked.now)
    states = {state.value: number for state, number in all_there_is.states.items()}
    if as_json:
        print_json(
            {
                "home": str(home),
                "running": bool(stack),
                "services": services,
                "changed_settings": changed,
                "workers": {"processes": workers.processes, "machines": workers.machines},
                "flower": stack.flower_url if stack else "",
                "recordings": states,
                "footage_done_ms": all_there_is.done_ms,
                "footage_remaining_ms": all_there_is.remaining_ms,
                "night": night_as_json(night),
            }
        )
        return
    _print_services(stack, services)
    out.print(f"Workers: {in_words(workers)}")
    if changed:
        out.print(f"Running with earlier values of: {', '.join(changed)} (`nightreel settings`)")
    out.print("Recordings: " + (", ".join(f"{n} {state}" for state, n in states.items()) or "none"))
    out.print(f"Footage in queue: {clock(all_there_is.remaining_ms)}")
    for line in night_as_text(night):
        out.print(line, soft_wrap=True)


def _print_services(stack: StackInfo | None, services: dict[str, bool]) -> None:
    alive = ", ".join(name for name, lives in services.items() if lives)
    start = "not running; start with `nightreel up`"
    elsewhere = "none on this machine; NIGHTREEL_BROKER_URL is set, so they may run elsewhere"
    out.print(f"Services: {alive or (start if services else elsewhere)}", soft_wrap=True)
    if stack and stack.flower_url:
        out.print(f"Flower: {stack.flower_url} (user {stack.flower_user})")
