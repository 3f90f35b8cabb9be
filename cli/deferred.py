"""Commands that are imported when they are called: together they import every library."""

import ast
import gc
import pkgutil
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.commands import Group


def build(name: str, meant: str | Group) -> TyperCommand | TyperGroup:
    """The command or group called `name`; imports no command."""
    if isinstance(meant, str):
        return Deferred(name, meant)
    return TyperGroup(
        name=name,
        help=meant.about,
        commands={word: build(word, each) for word, each in meant.commands.items()},
        no_args_is_help=True,
        rich_markup_mode=None,
    )


class Deferred(TyperCommand):
    """Stands for a function, `module:function` of `cli`, in the list of commands."""

    def __init__(self, name: str, place: str) -> None:
        super().__init__(name, rich_markup_mode=None)
        self.place = place

    @cached_property
    def loaded(self) -> TyperCommand:
        """The Typer command of the function; imports its module."""
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(self.name)(pkgutil.resolve_name(f"cli.{self.place}"))
        made = get_command(alone)
        assert isinstance(made, TyperCommand)
        return made

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Load the command itself and have it parse the arguments; it takes over from here."""
        command = self.loaded
        gc.freeze()  # imports stay: collecting them at exit took a third of the time
        return command.make_context(*given, **named)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first words of the function's docstring, read from its source file."""
        self.help = _docstring(*self.place.split(":"))
        return super().get_short_help_str(limit)


def _docstring(module: str, function: str) -> str:
    written = ast.parse(Path(__file__).with_name(f"{module}.py").read_text())
    (definition,) = (
        node for node in written.body if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return ast.get_docstring(definition) or ""
