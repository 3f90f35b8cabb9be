"""`nightreel service`: a unit for systemd."""

import pwd
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.output import err
from errors import WrongUsage
from settings import PREFIX, Settings, given, load_settings
from settings_file import FILE_NAME
from worker.stack import longest_stop_seconds

SPARE_SECONDS = 10
"""`up` kills what has not stopped in time; systemd waits a little longer than that."""
UNIT = """\
# Written by `nightreel service`; write it again after moving Nightreel or changing stop_seconds.
[Unit]
Description=Nightreel
{after}RequiresMountsFor={home}

[Service]
Type=exec
Environment={home_variable}
ExecStart={command} up
{user}UMask=0077
Restart=on-failure
RestartSec=10
# Settings that cannot be used, which a restart does not mend.
RestartPreventExitStatus=2
# `up` stops its services in order; systemd kills what is left when the time is over.
KillMode=mixed
TimeoutStopSec={stop_seconds}
# A worker that is killed for its memory is started again; the others go on.
OOMPolicy=continue
# RestrictNamespaces= and SystemCallFilter=@system-service are left out: the sandbox around ffmpeg
# needs namespaces and Landlock. PrivateTmp= is: commands of other shells would not find the queue.
NoNewPrivileges=yes
{hardening}
[Install]
WantedBy={target}
"""
OF_THE_SYSTEM = """\
CapabilityBoundingSet=
ProtectSystem=full
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
"""


def service(
    run_as: Annotated[
        str, typer.Option(help="Print a system unit that runs as this user; default: a user unit.")
    ] = "",
) -> None:
    """Print a systemd unit that runs `nightreel up` on this home folder."""
    settings = load_settings()
    in_environment = given().environment.keys()
    if run_as:
        _refuse_unknown_user(run_as)
        if "home" not in in_environment:
            raise WrongUsage("Whose home folder is meant? Set NIGHTREEL_HOME to the service's.")
    typer.echo(unit(settings, Path(sys.executable).with_name("nightreel"), run_as), nl=False)
    if left_out := sorted(in_environment - {"home"}):
        names = ", ".join(PREFIX + name.upper() for name in left_out)
        err.print(f"The unit does not have {names} of this shell; {FILE_NAME} can have them.")


def unit(settings: Settings, command: Path, run_as: str = "") -> str:
    """The text of a unit: a system unit that runs as a user, or a unit of that user."""
    home = str(settings.home_folder)
    return UNIT.format(
        after="Wants=network-online.target\nAfter=network-online.target\n" if run_as else "",
        home=_quoted(home),
        home_variable=_quoted(f"{PREFIX}HOME={home}"),
        command=_quoted(str(command)).replace("$", "$$"),
        user=f"User={run_as}\n" if run_as else "",
        stop_seconds=round(longest_stop_seconds(settings)) + SPARE_SECONDS,
        hardening=OF_THE_SYSTEM if run_as else "",
        target="multi-user.target" if run_as else "default.target",
    )


def _refuse_unknown_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise WrongUsage(f"There is no user {name!r} on this machine; create it first.") from None


def _quoted(text: str) -> str:
    """Quoted so that systemd reads it as one word, whatever its characters."""
    escaped = re.sub(r'[\x00-\x1f"\\]', lambda found: f"\\x{ord(found[0]):02x}", text)
    return f'"{escaped}"'.replace("%", "%%")
