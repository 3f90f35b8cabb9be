"""`nightreel account add|list|roles|password|disable|enable`."""

from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err, out, print_json, table
from errors import Conflict
from pipeline.act import Caller
from pipeline.governance import accounts
from pipeline.governance.accounts import NewPassword
from storage.access.accounts import MANAGER, Account, Role
from storage.database.moments import in_utc

FIRST = "admin"
Name = Annotated[str, typer.Argument(help="The account's name.")]
Roles = Annotated[list[Role], typer.Option("--role", help="A role; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def make_first_account(asked: Caller) -> NewPassword | None:
    """Create the first account, an operator's, if there is none."""
    if accounts.any_account(asked.database):
        return None
    try:
        return accounts.create_account(asked, FIRST, [MANAGER])
    except Conflict:  # another machine was started at the same time
        return None


def add(name: Name, role: Roles, as_json: AsJson = False) -> None:
    """Create an account and print its one-time password."""
    _tell(accounts.create_account(caller(), name, role), as_json=as_json)


def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts with their roles."""
    listed = accounts.list_accounts(caller()).accounts
    if as_json:
        print_json([_as_dict(account) for account in listed])
        return
    shown = table("", "name", "roles", "state", "last used")
    for account in listed:
        used = in_utc(account.used_at) if account.used_at else "never"
        shown.add_row(account.name, ", ".join(sorted(account.roles)), account.state, used)
    out.print(shown)


def set_roles(name: Name, role: Roles) -> None:
    """Replace the roles of an account."""
    asked = caller()
    accounts.set_roles(asked, accounts.account_called(asked, name).id, role)
    err.print(f"{name}: {', '.join(sorted(role))} now.")


def reset_password(name: Name, as_json: AsJson = False) -> None:
    """Reset the password of an account: print a one-time password, end its sessions."""
    asked = caller()
    made = accounts.reset_password(asked, accounts.account_called(asked, name).id)
    _tell(made, as_json=as_json)


def disable(name: Name) -> None:
    """Disable an account and end its sessions; its history is kept."""
    asked = caller()
    accounts.disable(asked, accounts.account_called(asked, name).id)
    err.print(f"{name}: disabled.")


def enable(name: Name) -> None:
    """Enable a disabled account."""
    asked = caller()
    accounts.enable(asked, accounts.account_called(asked, name).id)
    err.print(f"{name}: enabled.")


def _tell(made: NewPassword, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": made.account.name, "password": made.password})
        return
    out.print(made.password)
    err.print(f"{made.account.name}: this is a one-time password; it is not shown again.")


def _as_dict(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "roles": sorted(account.roles),
        "state": account.state,
        "created_at": account.created_at.isoformat(),
        "used_at": account.used_at and account.used_at.isoformat(),
    }
