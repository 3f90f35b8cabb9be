"""`nightreel account add|list|roles|password|disable|enable`."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err, out, print_json, table
from errors import Conflict
from pipeline.clock import utc_now
from storage import accounts
from storage.accounts import Account, Role
from storage.audit import Action, record
from storage.chain import JsonValue
from storage.database import Engine, Session, reading, writing
from storage.passwords import hash_password, one_time_password
from worker.resources import resources

app = typer.Typer(no_args_is_help=True)

FIRST = "admin"
Name = Annotated[str, typer.Argument(help="The account's name.")]
Roles = Annotated[list[Role], typer.Option("--role", help="What it may do; may be given again.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was made just now, and what opens it for one time."""

    name: str
    password: str = field(repr=False)


def make_first_account(database: Engine) -> NewAccount | None:
    """An operator's account where there is none at all: whoever starts the machine."""
    with reading(database) as session:
        if accounts.any_account(session):
            return None
    try:
        return _add(database, FIRST, [Role.OPERATOR])
    except Conflict:  # another machine was started at the same moment
        return None


@app.command("add")
def add(name: Name, role: Roles, as_json: AsJson = False) -> None:
    """Make an account, and print a password that is good for one time."""
    _tell(_add(resources().database, name, role), as_json=as_json)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """Every account, and what each may do."""
    with reading(resources().database) as session:
        found = accounts.list_accounts(session)
    if as_json:
        print_json([_as_dict(one) for one in found])
        return
    shown = table("", "name", "roles", "state")
    for one in found:
        shown.add_row(one.name, ", ".join(sorted(one.roles)), _state(one))
    out.print(shown)


@app.command("roles")
def set_roles(name: Name, role: Roles) -> None:
    """Give an account these roles and no others."""
    with writing(resources().database) as session:
        accounts.set_roles(session, name, role)
        _record(session, Action.ACCOUNT_CHANGED, name, what="roles")
    err.print(f"{name}: {', '.join(sorted(role))} now.")


@app.command("password")
def reset_password(name: Name, as_json: AsJson = False) -> None:
    """Give an account a new password for one time; whoever is logged in with it is logged out."""
    password = one_time_password()
    kept = hash_password(password)
    with writing(resources().database) as session:
        accounts.set_password(session, name, kept, one_time=True)
        _record(session, Action.PASSWORD_CHANGED, name)
    _tell(NewAccount(name, password), as_json=as_json)


@app.command("disable")
def disable(name: Name) -> None:
    """Let an account log in no more, and log it out; nothing that it did is lost."""
    with writing(resources().database) as session:
        accounts.disable(session, name, utc_now())
        _record(session, Action.ACCOUNT_CHANGED, name, what="disabled")
    err.print(f"{name}: disabled.")


@app.command("enable")
def enable(name: Name) -> None:
    """Let a disabled account log in again."""
    with writing(resources().database) as session:
        accounts.enable(session, name)
        _record(session, Action.ACCOUNT_CHANGED, name, what="enabled")
    err.print(f"{name}: enabled.")


def _add(database: Engine, name: str, roles: list[Role]) -> NewAccount:
    password = one_time_password()
    kept = hash_password(password)
    with writing(database) as session:
        accounts.add_account(session, name=name, roles=roles, password_hash=kept, now=utc_now())
        _record(session, Action.ACCOUNT_CREATED, name)
    return NewAccount(name, password)


def _record(session: Session, action: Action, name: str, **what: str) -> None:
    account_id = accounts.find_account(session, name).id
    objects: dict[str, JsonValue] = {"account_id": account_id, **what}
    record(session, actor=actor(), action=action, objects=objects, now=utc_now())


def _tell(made: NewAccount, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": made.name, "password": made.password})
        return
    out.print(made.password)
    err.print(f"{made.name}: this password is for one time, and is not shown again.")


def _state(account: Account) -> str:
    if account.disabled_at:
        return "disabled"
    if account.subject:
        return "logs in elsewhere"
    return "password for one time" if account.must_change_password else "active"


def _as_dict(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "roles": sorted(account.roles),
        "state": _state(account),
        "created_at": account.created_at.isoformat(),
    }
