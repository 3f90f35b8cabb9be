"""`nightreel doctor`."""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from cli.output import out, print_json, table
from cli.settings import remarks
from errors import NightreelError
from faces import models
from footage.executables import choose, find_ffmpegs
from footage.folder import look
from monitor.deliver import check_target
from pipeline.names import display_path
from pipeline.planning.jobs import count_jobs
from settings_file import FILE_NAME
from tasks.intake import refuse_home
from worker.broker import reach
from worker.redis_settings import running_version, unsafe_settings
from worker.redis_versions import ServerVersion, find_redis_server
from worker.resources import resources
from worker.stack_info import running, services_alive

LEAST_FREE_GB = 2
PROBE = b"\xff\xd8 nightreel doctor \xff\xd9"
"""Stored among the pictures to test that they can be written."""
SANDBOX = {
    "namespaces": "no network and no other process",
    "landlock": "no file but its own",
    "no_sockets": "no socket",
}
"""What each part of the sandbox denies ffmpeg; bubblewrap denies all of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    what: str
    well: bool
    detail: str


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check everything Nightreel needs on this machine."""
    resources()  # unusable settings are reported once, as by any command
    findings = [finding for look in LOOKS for finding in _carefully(look)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        shown = table("", "", "what", "found")
        for finding in findings:
            shown.add_row("ok" if finding.well else "ATTENTION", finding.what, finding.detail)
        out.print(shown)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _carefully(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except NightreelError as error:
        yield Finding(look.__name__.strip("_").replace("_", " "), False, str(error))


def _machine() -> Iterator[Finding]:
    settings = resources().settings
    yield Finding("Python", True, f"{platform.python_version()} on {platform.machine()}")
    yield Finding("workers", True, f"{settings.workers} (NIGHTREEL_WORKERS)")


def _settings() -> Iterator[Finding]:
    chosen = resources().settings
    file = chosen.home_folder / FILE_NAME
    yield Finding("settings file", True, str(file) if file.exists() else "none")
    for remark in remarks(chosen):
        yield Finding("settings", False, remark)


def _home_folder() -> Iterator[Finding]:
    home = resources().make_home()
    free_gb = shutil.disk_usage(home).free / 1e9
    private = home.stat().st_mode & 0o077 == 0
    yield Finding(
        "home folder",
        private,
        str(home) + ("" if private else " is accessible to other users; run chmod 700 on it"),
    )
    yield Finding("free space", free_gb >= LEAST_FREE_GB, f"{free_gb:.0f} GB")


def _ffmpeg() -> Iterator[Finding]:
    chosen = choose(resources().settings.ffmpeg)
    for ffmpeg in find_ffmpegs():
        used = ", used" if ffmpeg.path == chosen else ""
        yield Finding("ffmpeg", True, f"{ffmpeg.version} from {ffmpeg.origin}{used}: {ffmpeg.path}")


def _walls() -> Iterator[Finding]:
    sandbox = resources().decoder.sandbox
    stand = [
        words for name, words in SANDBOX.items() if sandbox.bubblewrap or getattr(sandbox, name)
    ]
    yield Finding("sandbox", sandbox.closed, ", ".join(["resource limits", *stand]))
    lacking = [words for words in SANDBOX.values() if words not in stand]
    if lacking:
        advice = "install bubblewrap or allow user namespaces; NIGHTREEL_SANDBOX must not be off"
        yield Finding("sandbox missing", sandbox.closed, f"{', '.join(lacking)}: {advice}")


def _queue() -> Iterator[Finding]:
    settings = resources().settings
    stack = running(settings.home_folder)
    broker_url = settings.broker_url or (stack.broker_url if stack else "")
    versions: list[ServerVersion | None] = []
    if not settings.broker_url:
        server = find_redis_server()
        yield Finding("queue server", True, f"{server.version}: {server.path}")
        versions.append(server.version)
    if broker_url:
        address, version = reach(broker_url), running_version(broker_url)
        yield Finding("broker", True, f"{address}, {version}" if version else address)
        versions.append(version)
        for complaint in unsafe_settings(broker_url):
            yield Finding("broker", False, complaint)
    for version in dict.fromkeys(versions):
        if version and version.warning:
            yield Finding("queue server", False, version.warning)
    alive = [name for name, lives in services_alive(settings.home_folder).items() if lives]
    none = "none on this machine" if settings.broker_url else "not running"
    yield Finding("services", True, ", ".join(alive) if stack else none)


def _watched_folder() -> Iterator[Finding]:
    folder = resources().settings.watch_path
    if folder is not None:
        refuse_home(folder)
        detail = f"{display_path(folder)}, {len(look(str(folder)))} in it"
        yield Finding("watched folder", True, detail)


def _notices() -> Iterator[Finding]:
    target = resources().settings.notify
    yield Finding("notices", True, f"to {check_target(target)}" if target else "not configured")


def _pictures() -> Iterator[Finding]:
    media = resources().media.store
    name = media.save(PROBE)  # nothing refers to it: the next sweep deletes it
    well = media.read(name) == PROBE
    yield Finding("pictures", well, f"{media.place}, written and read")


def _footage_store() -> Iterator[Finding]:
    mine = resources()
    for name in mine.settings.footage_bucket_names:
        next(mine.bucket(name).list(""), None)
        yield Finding("footage store", True, f"bucket {name} can be read")
    store = mine.footage_store
    if store is not None:
        how = "by byte range, as needed" if store.by_range else "whole"
        yield Finding("footage store", True, f"footage is fetched {how}")


def _database() -> Iterator[Finding]:
    database = resources().database
    count = count_jobs(database)
    noun = "recording" if count == 1 else "recordings"
    yield Finding("database", True, f"{database.dialect.name}, {count} {noun} processed or queued")


def _engine() -> Iterator[Finding]:
    mine = resources()
    engine = mine.face_engine(mine.engine, mine.settings.min_face_px)
    yield Finding("engine", True, f"{engine.card.name}, weights {engine.weights_sha256[:12]}")
    notice = models.notice(engine.card)
    if notice:
        yield Finding("licence", False, notice)


LOOKS = (
    _machine,
    _settings,
    _home_folder,
    _ffmpeg,
    _walls,
    _queue,
    _watched_folder,
    _notices,
    _pictures,
    _footage_store,
    _database,
    _engine,
)
