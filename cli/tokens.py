"""`nightreel token add|list|revoke`."""

from datetime import datetime
from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err, out, print_json, table
from pipeline.governance import accounts
from storage.access.accounts import Role
from storage.access.tokens import Token
from storage.database.moments import in_utc

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(
    account: Annotated[str, typer.Argument(help="Account it acts for.")],
    role: Annotated[list[Role], typer.Option("--role", help="A role; repeatable.")],
    label: Annotated[str, typer.Option(help="Label, for example its purpose.")] = "",
    days: Annotated[int, typer.Option(min=1, max=365, help="Valid for this many days.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Create a token and print it; it is not shown again."""
    made = accounts.create_token(caller(), account, role, label=label, days=days)
    if as_json:
        print_json({"id": made.token.id, "token": made.secret})
        return
    out.print(made.secret)
    err.print(f"Token {made.token.id} is valid for {days} days; it is not shown again.")


def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens, newest first."""
    asked = caller()
    tokens, now = accounts.list_accounts(asked).tokens, asked.now
    if as_json:
        print_json([_as_dict(token, now) for token in tokens])
        return
    shown = table("", "#id", "account", "roles", "label", "state", "expires")
    for token in tokens:
        roles = ", ".join(sorted(token.roles))
        expires = in_utc(token.expires_at)
        shown.add_row(str(token.id), token.account, roles, token.label, _state(token, now), expires)
    out.print(shown)


def revoke(number: Annotated[int, typer.Argument(help="The token's id.")]) -> None:
    """Revoke a token."""
    accounts.revoke_token(caller(), number)
    err.print(f"Token {number}: revoked.")


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "good" if token.is_good(now) else "expired"


def _as_dict(token: Token, now: datetime) -> dict[str, object]:
    return {
        "id": token.id,
        "account": token.account,
        "roles": sorted(token.roles),
        "label": token.label,
        "state": _state(token, now),
        "expires_at": token.expires_at.isoformat(),
    }
