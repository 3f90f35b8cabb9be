"""`nightreel.toml` in the home folder: settings by name, which the environment overrides."""

import os
import stat
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, TomlConfigSettingsSource

from errors import WrongUsage

FILE_NAME = "nightreel.toml"
CAN_ENTER, CAN_WRITE, CAN_READ = 0o011, 0o022, 0o044
"""Permission bits of a file's group and of all other users."""


def whole_path(text: str) -> str:
    """Make a path absolute and resolve `~`; an empty text stays empty.

    Raises ValueError for the home of a user who does not exist.
    """
    try:
        return str(Path(text).expanduser().absolute()) if text else ""
    except RuntimeError:
        raise ValueError("begins with the home of a user who does not exist") from None


_WHOLE = AfterValidator(whole_path)
PathText = Annotated[str, _WHOLE]
"""A setting that names a file or a folder. It is made absolute, because services and commands run
in different folders."""


class SettingsFile(TomlConfigSettingsSource):
    """The settings file of one home folder; gives no values if it does not exist.

    Raises WrongUsage if it is not a regular file, belongs to another user, can be written by
    others, cannot be read, is not TOML, or holds an unknown name or an unusable value.
    """

    def __init__(self, settings_class: type[BaseSettings], home: Path) -> None:
        self._fields = settings_class.model_fields
        self.path = home / FILE_NAME
        super().__init__(settings_class, self.path if _is_there(self.path) else None)

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        _refuse_file_of_others(file_path)
        values = _parsed(file_path)
        for name, value in values.items():
            if name not in self._fields or name == "home":
                raise WrongUsage(_unknown(name, file_path, self._fields.keys() - {"home"}))
            if why := _unusable(value, self._fields[name]):
                raise WrongUsage(f"{name} in {file_path} cannot be used: {why}.")
        return values


def open_to_others(path: Path, permissions: int) -> bool:
    """Whether a file gives one of these permissions to its group or to all other users, and its
    folder lets them enter. Raises OSError."""
    file = path.resolve()
    return bool(file.stat().st_mode & permissions and file.parent.stat().st_mode & CAN_ENTER)


def nearest(name: str, known: Iterable[str]) -> str:
    """End of a message about an unknown setting: the most similar name, or where to list them."""
    near = get_close_matches(name, sorted(known), 1)
    return f"did you mean {near[0]}?" if near else "`nightreel settings` lists those there are."


def _is_there(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise WrongUsage(f"{path} is a broken link; fix it or remove it.") from None
        return False
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(mode):
        raise WrongUsage(f"{path} is not a file; remove it, or put the settings file there.")
    return True


def _refuse_file_of_others(path: Path) -> None:
    """The file names programs to run: who can write it can do all that its reader can."""
    if path.stat().st_uid not in {0, os.geteuid(), path.parent.stat().st_uid}:
        raise WrongUsage(f"{path} belongs to another user; chown it to the owner of its folder.")
    if open_to_others(path, CAN_WRITE):
        raise WrongUsage(f"{path} can be written by other users; chmod 600 it.")


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # some editors write a BOM, TOML has none
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise WrongUsage(f"{path} is not UTF-8; save it in that encoding.") from None
    except tomllib.TOMLDecodeError as error:
        what = str(error)[:1].lower() + str(error)[1:]
        raise WrongUsage(f"{path} is not TOML: {what}; fix it there.") from None
    except RecursionError:
        raise WrongUsage(f"{path} contains nested lists; write `name = value` lines.") from None


def _unreadable(path: Path, error: OSError) -> WrongUsage:
    return WrongUsage(f"{path} cannot be read ({error.strerror}); fix its permissions.")


def _unknown(name: str, path: Path, known: set[str]) -> str:
    if name == "home":
        return f"home cannot be set in {path}, which lies in that folder; set NIGHTREEL_HOME."
    bare = name.lower().removeprefix("nightreel_")
    return f"{name!r} in {path} is not a setting; {nearest(bare, known)}"


def _unusable(value: object, field: FieldInfo) -> str:
    """Why a value cannot be taken from the file; empty if it can."""
    if isinstance(value, bool) and field.annotation is not bool:
        return "it cannot be true or false"  # Pydantic would read them as 1 and 0
    if isinstance(value, str) and "\0" in value:
        return "it contains a NUL character"  # a service's environment cannot hold one
    if isinstance(value, str) and value and _WHOLE in field.metadata:
        return "" if value[0] in "/~" else "it must be a whole path, beginning with / or ~"
    return ""
