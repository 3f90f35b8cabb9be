"""The programs of the embedded stack, and supervisord's configuration.

Every program runs in the `run` folder and every path is relative to it, so that no folder name can
be read as part of a configuration.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from settings import PREFIX, Settings

MARGIN_SECONDS = 10
"""Time that a program gets to stop, beyond its own waiting, before it is killed."""
FOREIGN = (PREFIX, "CELERY_", "FLOWER_")
"""Prefixes of variables that are not inherited: a leftover CELERY_BROKER_URL would send work to
another broker."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process that supervisord keeps running."""

    name: str
    command: tuple[str, ...]
    stop_seconds: int = MARGIN_SECONDS
    """Time between SIGTERM and SIGKILL."""


def redis_program(executable: str) -> Program:
    """The embedded queue, run by this server executable."""
    return Program("redis", (executable, "redis.conf"))


def worker_program(settings: Settings) -> Program:
    """The Celery worker with its processes."""
    command = _python("worker.serve", "worker", str(settings.workers), settings.log_level)
    return Program("worker", command, settings.stop_seconds + MARGIN_SECONDS)


def beat_program(settings: Settings) -> Program:
    """Celery beat, which sends the periodic tasks."""
    return Program("beat", _python("worker.serve", "beat", "beat-schedule", settings.log_level))


def intake_program() -> Program:
    """Adds footage from the watched folder."""
    return Program("intake", _python("tasks.intake"))


def monitor_program() -> Program:
    """Metrics, the health page and notifications."""
    return Program("monitor", _python("monitor.serve"))


def web_program() -> Program:
    """The web pages."""
    return Program("web", _python("review.serve"))


def flower_program() -> Program:
    """Flower, the page that shows the queue."""
    return Program("flower", _python("worker.serve", "flower", "flowerconfig.py"))


def flower_configuration(settings: Settings, password: str) -> str:
    """Flower's configuration file: loopback only, with a password, read-only."""
    values = {
        "address": "127.0.0.1",
        "port": settings.flower_port,
        "basic_auth": [f"{settings.flower_user}:{password}"],
        "read_only": True,
        "persistent": True,
        "db": "flower.db",
        "state_save_interval": 60_000,
        "tasks_columns": "name,args,state,received,runtime,worker,uuid",
        "purge_offline_workers": 3600,
        "task_runtime_metric_buckets": [1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0],
    }
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def supervisor_configuration(programs: Sequence[Program]) -> str:
    """supervisord's configuration file; the first program starts first and stops last."""
    head = {
        "logfile": "../logs/supervisord.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": 2,
        "pidfile": "supervisord.pid",
        "silent": "true",
    }
    sections = [_section("supervisord", head)]
    for place, program in enumerate(programs):
        body = {
            "command": shlex.join(_bound("SIGKILL", program.name, "supervisord", program.command)),
            "priority": place,
            "autorestart": "true",
            "startsecs": 10,
            "startretries": 20,  # after longer and longer pauses
            "stopwaitsecs": program.stop_seconds,
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": f"../logs/{program.name}.log",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 3,
        }
        sections.append(_section(f"program:{program.name}", body))
    return "\n".join(sections)


def supervise_command() -> tuple[str, ...]:
    """The command for supervisord; if this process is killed, it stops its programs in order."""
    command = _python("worker.supervise", "supervisord.conf")
    return _bound("SIGTERM", "supervisord", "stack", command)


def environment(settings: Settings) -> dict[str, str]:
    """The programs' environment: this process's variables, with the settings in use.

    It contains every setting, so that a restarted service does not read the settings file, which
    may have changed meanwhile.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)
    }
    values = settings.texts | {"flower_password": ""}  # Flower reads it from its configuration
    in_use = {f"{PREFIX}{name.upper()}": value for name, value in values.items()}
    return inherited | in_use | {"PYTHONSAFEPATH": "1"}  # import nothing from the working folder


def _bound(signal_name: str, name: str, parent: str, command: tuple[str, ...]) -> tuple[str, ...]:
    return (*_python("worker.bound", signal_name, f"{name}.lock", f"{parent}.lock"), *command)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _section(title: str, values: dict[str, object]) -> str:
    lines = [f"{name} = {value}".replace("%", "%%") for name, value in values.items()]
    return "\n".join([f"[{title}]", *lines, ""])
