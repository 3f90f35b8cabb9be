"""Where a case's footage is from: what a source means, and which recordings come from it."""

import os
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, LargeBinary, and_, cast, func, literal, not_, or_
from sqlmodel import Session, col

from errors import WrongUsage
from storage.database.dialect import dialect_of
from storage.tables import Recording

ADDED = "added"
"""A source: only footage that was added for the case."""
ARCHIVE = "*"
"""A source: the whole archive."""
KEYWORDS = (ADDED, ARCHIVE)
TEXT = "text:"
"""A source that was set when sources were not folders yet: TEXT and a part of a path or name.
Cases keep such sources, but no case gets a new one."""
_BUCKETS = "s3://"
_NO_PART = ("", ".")


def check_sources(sources: Iterable[str], *, kept: Collection[str] = ()) -> None:
    """Raise WrongUsage for a source that names no folder. `kept` are the sources as they were."""
    for source in sources:
        if source not in KEYWORDS and source not in kept:
            _check_folder(source)


def is_text(source: str) -> bool:
    """Whether a source is a part of a path or name, as all were before they were folders."""
    return source.startswith(TEXT)


def is_one_folder(source: str) -> bool:
    """Whether a source is a whole path; otherwise it is folders of that name, wherever they are."""
    return source.startswith(("/", _BUCKETS))


def comes_from(session: Session, source: str) -> ColumnElement[bool]:
    """Condition for the recordings of one source that is none of `KEYWORDS`.

    A folder is compared part by part: `depot` and `cctv/depot` are folders anywhere in the path,
    `/footage/depot` and `s3://bucket/depot` are those folders only. Case-sensitive.
    """
    if is_text(source):
        return has_text(session, source.removeprefix(TEXT))
    return and_(_in_folder(session, source), not_(_was_uploaded()))


def has_text(session: Session, part: str) -> ColumnElement[bool]:
    """Condition for the recordings with this text in their name or path; case-sensitive."""
    in_path = os.fsencode(part)
    in_name = in_path.decode(errors="replace")  # as names are stored
    contains = dialect_of(session).contains
    return or_(contains(Recording.name, in_name), contains(Recording.path, in_path))


def _in_folder(session: Session, source: str) -> ColumnElement[bool]:
    folder = os.fsencode(_folder(source)) + b"/"
    if is_one_folder(source):
        return func.substr(col(Recording.path), 1, len(folder)) == folder
    return dialect_of(session).contains(Recording.path, b"/" + folder)


def _folder(source: str) -> str:
    """A folder as paths have it: without a slash at its end and parts that say nothing."""
    if source.startswith(_BUCKETS):
        return source.rstrip("/")  # the store takes every other character of a key as it is
    parts = "/".join(part for part in source.split("/") if part not in _NO_PART)
    return f"/{parts}" if source.startswith("/") else parts


def _was_uploaded() -> ColumnElement[bool]:
    """Condition for files that were uploaded: they are kept under their sha256, in one folder that
    says nothing of where they are from."""
    kept_as = cast(literal("/") + col(Recording.sha256), LargeBinary)
    last = func.substr(col(Recording.path), func.length(col(Recording.path)) - 64)
    return and_(last == kept_as, col(Recording.name) != col(Recording.sha256))


def _check_folder(source: str) -> None:
    if is_text(source):
        raise WrongUsage(
            f"{source!r}: sources of this form are left from before; give a folder instead."
        )
    if ".." in source.split("/"):
        raise WrongUsage(f"The source {source!r} contains `..`; give the folder that it leads to.")
    if _folder(source) in ("", "/", _BUCKETS.rstrip("/")):
        raise WrongUsage(f"The source {source!r} names no folder; use `*` for the whole archive.")
