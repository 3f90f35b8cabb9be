"""People who are known not to be in some footage: a folder of their photos."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errors import WrongUsage

PICTURES = frozenset([".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"])
_LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class Stranger:
    """One person and the photos of them."""

    name: str
    """The folder's, or the photo's; it is not kept."""
    photos: tuple[Path, ...]
    group: str = ""
    """As the operator labelled them; empty where not."""


def strangers_in(folder: Path, groups: Mapping[str, str] | None = None) -> list[Stranger]:
    """Everyone in a folder: a folder in it is a person with several photos, a photo a person.

    `groups` are labels by name. Raises WrongUsage where there is nobody, or a label for nobody.
    """
    labels = groups or {}
    try:
        found = [one for path in sorted(folder.iterdir()) if (one := _stranger(path, labels))]
    except OSError as error:
        raise WrongUsage(f"The folder cannot be read ({error.strerror}); check it.") from error
    if unknown := sorted(labels.keys() - {one.name for one in found}):
        raise WrongUsage(f"The groups name a person who is not in the folder: {unknown[0]!a}.")
    if not found:
        raise WrongUsage(
            "No photo in the folder; add one photo, or one folder of photos, per person."
        )
    return found


def groups_in(path: Path) -> dict[str, str]:
    """Labels by name, from a CSV file with the columns `person` and `group`. Raises WrongUsage."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return {row["person"].strip(): _label(row["group"]) for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error) as error:
        raise WrongUsage(
            "The groups cannot be read; give a CSV file with the columns `person` and `group`."
        ) from error


def _label(text: str) -> str:
    label = text.strip()
    if not label or len(label) > _LONGEST_LABEL or not label.isprintable():
        raise WrongUsage(f"A group's label is one line of 1 to {_LONGEST_LABEL} characters.")
    return label


def _stranger(path: Path, labels: Mapping[str, str]) -> Stranger | None:
    if path.is_dir():
        photos = tuple(sorted(one for one in path.iterdir() if _is_picture(one)))
        return Stranger(path.name, photos, labels.get(path.name, "")) if photos else None
    return Stranger(path.name, (path,), labels.get(path.name, "")) if _is_picture(path) else None


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.is_file()
