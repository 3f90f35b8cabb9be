"""A package of results: files, and a manifest with the sha256 of each; one hash names it all."""

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
    """A package as it was made."""

    body: bytes
    """A ZIP archive."""
    sha256: str
    """Of its manifest, and so of all that is in it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A package that is as it was made."""

    case: str
    made_at: str
    files: int
    sha256: str


def sha256_of(body: bytes) -> str:
    """Sixty-four hex digits."""
    return hashlib.sha256(body).hexdigest()


def pack(files: Mapping[str, bytes], *, case: str, made_at: str) -> Package:
    """Put files into a package; the same files give the same bytes."""
    hashes = {name: sha256_of(body) for name, body in sorted(files.items())}
    about = {"format": FORMAT, "case": case, "made_at": made_at, "files": hashes}
    manifest = json.dumps(about, indent=1, ensure_ascii=False).encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in [*sorted(files.items()), (MANIFEST, manifest)]:
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), body, zipfile.ZIP_DEFLATED)
    return Package(out.getvalue(), sha256_of(manifest))


def verify(path: Path) -> Verified:
    """Look whether every file is there, unchanged, and no other.

    Nothing is unpacked onto the disk. Raises WrongUsage for what is no package, Altered with the
    first thing that is wrong.
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
    about = _read(manifest)
    for name in sorted(set(about["files"]) | set(names) - {MANIFEST}):
        _check(archive, name, about["files"].get(name), name in names)
    return Verified(about["case"], about["made_at"], len(about["files"]), sha256_of(manifest))


def _fits(archive: zipfile.ZipFile) -> bool:
    return archive.getinfo(MANIFEST).file_size <= _MOST_MANIFEST_BYTES


def _read(manifest: bytes) -> dict[str, Any]:
    try:
        about = json.loads(manifest)
        sound = about["format"] == FORMAT and isinstance(about["files"], dict)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise Altered("The manifest of the package cannot be read; it was altered.")
    return dict(about)


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
