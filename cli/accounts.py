"""`nightreel account add|list|roles|password|disable|enable`."""

from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err, out, print_json, table
from errors import Conflict
from pipeline.clock import utc_now
from pipeline.governance.accounts import Managing, NewPassword
from storage.access import accounts
from storage.access.accounts import MANAGER, Account, Role
from storage.database.database import Engine, reading
from storage.database.moments import in_utc
from worker.resources import resources

FIRST = "admin"
Name = Annotated[str, typer.Argument(help="The account's name.")]
Roles = Annotated[list[Role], typer.Option("--role", help="A role; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def has_account(database: Engine) -> bool:
    """Whether there is an account at all."""
    with reading(database) as session:
        return accounts.any_account(session)


def make_first_account(database: Engine) -> NewPassword | None:
    """Create the first account, an operator's, where there is none."""
    with reading(database) as session:
        if accounts.any_account(session):
            return None
    try:
        return Managing(database, actor(), utc_now()).make(FIRST, [MANAGER])
    except Conflict:  # another machine was started at the same moment
        return None


def add(name: Name, role: Roles, as_json: AsJson = False) -> None:
    """Create an account and print its one-time password."""
    _tell(_managing().make(name, role), as_json=as_json)


def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts with their roles."""
    with reading(resources().database) as session:
        found = accounts.list_accounts(session)
    if as_json:
        print_json([_as_dict(one) for one in found])
        return
    shown = table("", "name", "roles", "state", "last used")
    for one in found:
        used = in_utc(one.used_at) if one.used_at else "never"
        shown.add_row(one.name, ", ".join(sorted(one.roles)), one.state, used)
    out.print(shown)


def set_roles(name: Name, role: Roles) -> None:
    """Replace the roles of an account."""
    _managing().set_roles(name, role)
    err.print(f"{name}: {', '.join(sorted(role))} now.")


def reset_password(name: Name, as_json: AsJson = False) -> None:
    """Reset the password of an account: print a one-time password, end its sessions."""
    _tell(_managing().reset_password(name), as_json=as_json)


def disable(name: Name) -> None:
    """Disable an account and end its sessions; its history is kept."""
    _managing().disable(name)
    err.print(f"{name}: disabled.")


def enable(name: Name) -> None:
    """Enable a disabled account."""
    _managing().enable(name)
    err.print(f"{name}: enabled.")


def _managing() -> Managing:
    return Managing(resources().database, actor(), utc_now())


def _tell(made: NewPassword, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": made.name, "password": made.password})
        return
    out.print(made.password)
    err.print(f"{made.name}: this is a one-time password; it is not shown again.")


def _as_dict(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "roles": sorted(account.roles),
        "state": account.state,
        "created_at": account.created_at.isoformat(),
        "used_at": account.used_at and account.used_at.isoformat(),
    }
