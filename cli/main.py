"""The `nightreel` command."""

import sys
import traceback

import typer

from cli import (
    accounts,
    audit,
    benchmarks,
    calibration,
    cases,
    changes,
    control,
    demonstration,
    doctor,
    exports,
    footage,
    groups,
    imports,
    jobs,
    migration,
    models,
    notify,
    people,
    process,
    purge,
    results,
    search,
    stack,
    status,
    thresholds,
    tokens,
    verify,
    watch,
)
from cli.output import err
from errors import NightreelError, WrongUsage
from settings import load_settings

app = typer.Typer(
    name="nightreel",
    help="Finds out who appears in recorded video, when, and how sure one can be. "
    "A result is a candidate for a person to judge, never more.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demonstration.demo)
app.command("up")(stack.up)
app.command("process")(process.process)
app.command("ingest")(footage.ingest)
app.command("import")(imports.import_)
app.command("watch")(watch.watch)
app.command("refused")(watch.refused)
app.command("enrol")(people.enrol)
app.command("withdraw")(people.withdraw)
app.command("changes")(changes.changes)
app.command("candidates")(results.candidates)
app.command("search")(search.search)
app.command("calibrate")(calibration.calibrate)
app.command("calibrations")(calibration.calibrations)
app.command("report")(results.report)
app.command("export")(exports.export)
app.command("purge")(purge.purge)
app.command("verify")(verify.verify)
app.command("status")(status.status)
app.command("notify")(notify.notify)
app.command("doctor")(doctor.doctor)
app.command("bench")(benchmarks.bench)
app.add_typer(cases.app, name="case", help="Cases: what authorises a search.")
app.add_typer(groups.app, name="groups", help="Who else appears often in a case.")
app.add_typer(accounts.app, name="account", help="Accounts: who may log in, and as what.")
app.add_typer(tokens.app, name="token", help="Tokens: what programs log in with.")
app.add_typer(audit.app, name="audit", help="The log of who did what.")
jobs.app.command("pause")(control.pause)
jobs.app.command("resume")(control.resume)
jobs.app.command("priority")(control.set_priority)
jobs.app.command("cancel")(control.cancel)
jobs.app.command("retry")(control.retry)
jobs.app.command("quarantined")(control.quarantined)
app.add_typer(jobs.app, name="jobs", help="Recordings being watched, and their segments.")
models.app.command("migrate")(migration.migrate)
models.app.command("omitted")(migration.omitted)
models.app.command("compare")(migration.compare)
models.app.command("use")(migration.use)
models.app.command("threshold")(thresholds.threshold)
app.add_typer(models.app, name="models", help="Engines and their weights.")


def run() -> None:
    """Run one command; whatever goes wrong is one sentence on stderr and an exit code."""
    try:
        app(standalone_mode=True)
    except NightreelError as error:
        err.print(f"nightreel: {error}")
        sys.exit(error.exit_code)
    except UnicodeEncodeError:
        err.print("nightreel: a name or a reference holds bytes that are no text; write it anew.")
        sys.exit(WrongUsage.exit_code)
    except Exception:
        err.print(f"nightreel: an unexpected error; its trace was written to {_keep_trace()}.")
        sys.exit(1)


def _keep_trace() -> str:
    folder = load_settings().home_folder / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trace = folder / "last-error.txt"
    trace.write_text(traceback.format_exc())
    return str(trace)
