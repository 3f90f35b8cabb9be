"""A package of results: files, and a manifest with the sha256 of each; one hash identifies all."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from errors import Altered, WrongUsage

MANIFEST = "MANIFEST.json"
FORMAT = "nightreel-package-1"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_BLOCK_BYTES = 1 << 20
_MOST_FILE_BYTES = 1 << 30
_MOST_MANIFEST_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Package:
    """A new package."""

    body: bytes
    """A ZIP archive."""
    sha256: str
    """Of its manifest, which covers every file in it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A package that was found unchanged."""

    case: str
    made_at: str
    files: int
    sha256: str


def sha256_of(body: bytes) -> str:
    """The sha256 of `body` as 64 hex digits."""
    return hashlib.sha256(body).hexdigest()


def pack(files: Mapping[str, bytes], *, case: str, made_at: str) -> Package:
    """Make a package of files by name; the same arguments give the same bytes."""
    hashes = {name: sha256_of(body) for name, body in sorted(files.items())}
    contents = {"format": FORMAT, "case": case, "made_at": made_at, "files": hashes}
    manifest = json.dumps(contents, indent=1, ensure_ascii=False).encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in [*sorted(files.items()), (MANIFEST, manifest)]:
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), body, zipfile.ZIP_DEFLATED)
    return Package(out.getvalue(), sha256_of(manifest))


def verify(path: Path) -> Verified:
    """Check that a package contains every file of its manifest, unchanged, and no other file.

    Nothing is unpacked onto the disk. Raises WrongUsage if the file cannot be read or is another
    kind of archive, and Altered with the first fault.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(archive)
    except OSError as error:
        raise WrongUsage(f"The package cannot be read ({error.strerror}); check it.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Altered(
            "The file is damaged or not a package; get it again from its source."
        ) from None


def _verify(archive: zipfile.ZipFile) -> Verified:
    names = archive.namelist()
    if MANIFEST not in names:
        raise WrongUsage("Not a Nightreel package: the manifest is missing. Give another file.")
    if len(set(names)) != len(names):
        raise Altered("The package contains a file twice; it was altered.")
    manifest = archive.read(MANIFEST) if _fits(archive) else b""
    contents = _read(manifest)
    files = contents["files"]
    for name in sorted(set(files) | set(names) - {MANIFEST}):
        _check(archive, name, files.get(name), name in names)
    return Verified(contents["case"], contents["made_at"], len(files), sha256_of(manifest))


def _fits(archive: zipfile.ZipFile) -> bool:
    return archive.getinfo(MANIFEST).file_size <= _MOST_MANIFEST_BYTES


def _read(manifest: bytes) -> dict[str, Any]:
    try:
        contents = json.loads(manifest)
        sound = contents["format"] == FORMAT and isinstance(contents["files"], dict)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise Altered("The manifest of the package cannot be read; it was altered.")
    return dict(contents)


def _check(archive: zipfile.ZipFile, name: str, expected: str | None, is_there: bool) -> None:
    if expected is None:
        raise Altered(f"The package contains a file that is not in its manifest: {name!a}.")
    if not is_there:
        raise Altered(f"A file of the package is missing: {name!a}.")
    if archive.getinfo(name).file_size > _MOST_FILE_BYTES or _hash(archive, name) != expected:
        raise Altered(f"A file of the package was changed: {name!a}.")


def _hash(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
