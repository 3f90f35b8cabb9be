"""Read a folder of photos of people who are known not to be in some footage."""

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
    """The name of the folder or the photo; it is not stored."""
    photos: tuple[Path, ...]
    group: str = ""
    """The operator's label; empty if there is none."""


def strangers_in(folder: Path, groups: Mapping[str, str] | None = None) -> list[Stranger]:
    """The people in a folder: each subfolder of photos is a person, and so is each single photo.

    `groups` are labels by name. Raises WrongUsage when the folder cannot be read or has no photo,
    or when a label names a person who is not in it.
    """
    labels = groups or {}
    try:
        people = [found for path in sorted(folder.iterdir()) if (found := _stranger(path, labels))]
    except OSError as error:
        raise WrongUsage(f"The folder cannot be read ({error.strerror}); check it.") from error
    if unknown := sorted(labels.keys() - {found.name for found in people}):
        raise WrongUsage(f"The groups name a person who is not in the folder: {unknown[0]!a}.")
    if not people:
        raise WrongUsage(
            "No photo in the folder; add one photo, or one folder of photos, per person."
        )
    return people


def groups_in(path: Path) -> dict[str, str]:
    """Labels by name, from a CSV file with the columns `person` and `group`.

    Raises WrongUsage when the file cannot be read or a label is invalid.
    """
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
        photos = tuple(sorted(file for file in path.iterdir() if _is_picture(file)))
        return Stranger(path.name, photos, labels.get(path.name, "")) if photos else None
    return Stranger(path.name, (path,), labels.get(path.name, "")) if _is_picture(path) else None


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.is_file()
