"""Uploaded photos, on the disk only while they are examined."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from errors import WrongUsage

MOST_PHOTOS = 20
LONGEST_NAME = 100


@contextmanager
def photo_files(uploads: Sequence[UploadFile]) -> Iterator[list[Path]]:
    """The photos as files, readable by this user only; removed when the block ends.

    Raises WrongUsage.
    """
    given = [upload for upload in uploads if upload.filename]
    if not given:
        raise WrongUsage("No photo selected; select at least one.")
    if len(given) > MOST_PHOTOS:
        raise WrongUsage(f"These are {len(given)} photos; upload at most {MOST_PHOTOS} at once.")
    with tempfile.TemporaryDirectory(prefix="nightreel-photos-") as folder:
        paths = []
        for number, upload in enumerate(given):
            path = Path(folder, str(number), _name(upload.filename or ""))
            path.parent.mkdir()
            with path.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            paths.append(path)
        yield paths


def _name(given: str) -> str:
    """The name of an uploaded photo, made valid as a file name."""
    last = given.replace("\\", "/").rpartition("/")[2].replace("\0", "")[-LONGEST_NAME:]
    return last if last not in ("", ".", "..") else "photo"
