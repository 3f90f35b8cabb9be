"""`nightreel settings`."""

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from cli.output import err, out, print_json, table
from settings import PREFIX, Settings, given, load_settings
from settings_file import CAN_READ, FILE_NAME, nearest, open_to_others
from worker.stack_info import changed_since_start

SECRET = "set"
"""Shown instead of a secret."""
GIVEN = {"file": FILE_NAME, "environment": "environment"}
"""Where a value may be given, and how that is shown."""
ADDRESSES = ("notify", "oidc_issuer", "s3_endpoint", *(
    name for name in Settings.model_fields if name.endswith("_url")
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as shown to a user."""

    name: str
    value: Any
    """In force; secrets and passwords are left out."""
    origin: str
    """`default`, `computed`, `file` or `environment`."""
    in_file: Any
    """The value in the file if the environment overrides it; otherwise None."""
    changed: bool
    """Whether the stack that runs here was started with another value."""


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    only_given: Annotated[
        bool, typer.Option("--given", help="Only values set in the file or the environment.")
    ] = False,
) -> None:
    """List the settings with their values and where each is set."""
    chosen = load_settings()
    file = chosen.home_folder / FILE_NAME
    listed = [setting for setting in _all(chosen) if setting.origin in GIVEN or not only_given]
    if as_json:
        print_json(
            {"file": str(file), "found": file.exists(), "settings": list(map(asdict, listed))}
        )
    else:
        out.print(f"Settings file: {file}{'' if file.exists() else ' (not found)'}")
        _print(listed)
    for remark in remarks(chosen):
        err.print(remark)


def remarks(chosen: Settings) -> Iterator[str]:
    """Warnings about how settings are given, though all can be used; one sentence each."""
    file = chosen.home_folder / FILE_NAME
    secrets = [name for name, value in given().file.items() if shown(name, value) != value]
    if secrets and open_to_others(file, CAN_READ):
        kept = ", ".join(secrets)
        yield f"{file} is readable by other users and holds {kept}; run chmod 600 on it."
    names = {PREFIX + name.upper() for name in Settings.model_fields}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable not in names:
            yield f"{variable} is not a setting; {nearest(variable, names)}"
    if changed := changed_since_start(chosen):
        yield f"The services were started with other values of {', '.join(changed)}; restart `up`."


def shown(name: str, value: Any) -> Any:
    """A setting's value as it may be printed: without secrets, without passwords, and without the
    path of an address that alerts are sent to."""
    if Settings.model_fields[name].annotation is SecretStr:
        return SECRET if _plain(value) else ""
    if name not in ADDRESSES or "://" not in str(value):
        return str(value) if isinstance(value, Path) else value
    parts = re.fullmatch(r"([\w+.-]+://)([^/?#@]*@)?([^/?#@]*)(/[^?#@]*)?", value)
    if parts is None:
        return SECRET
    scheme, user, host, path = parts.groups(default="")
    hidden = "/***" if name == "notify" and path else path
    return f"{scheme}{'***@' if user else ''}{host}{hidden}"


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _all(chosen: Settings) -> Iterator[Setting]:
    environment, file = given()
    changed = changed_since_start(chosen)
    for name, field in Settings.model_fields.items():
        own = getattr(chosen, name)
        value = getattr(chosen, f"effective_{name}", own)
        origin = "environment" if name in environment else "file" if name in file else "default"
        if value != own or (origin == "default" and field.default_factory):
            origin = "computed"
        overridden = shown(name, file[name]) if name in environment and name in file else None
        yield Setting(name, shown(name, value), origin, overridden, name in changed)


def _print(found: list[Setting]) -> None:
    rows = table("", "setting", "value", "from")
    for one in found:
        below = "" if one.in_file is None else f"; {FILE_NAME} has {_written(one.in_file)}"
        rows.add_row(one.name, _written(one.value), GIVEN.get(one.origin, one.origin) + below)
    out.print(rows)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)  # as TOML writes them
