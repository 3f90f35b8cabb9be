"""Assess a reference photo: one clear face, or the reason why it is unusable."""

import hashlib
import io
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps, UnidentifiedImageError

from errors import UnusablePhoto
from faces.engine import FaceEngine
from faces.face import Face, Image
from faces.quality import Quality, assess
from pipeline.crops import cut_face, jpeg_of
from pipeline.names import display_name

LONGEST_SIDE_PX = 1600
"""Larger photos are scaled down; a face that fills the photo is still 1000 px wide then."""
SMALLEST_FACE_PX = 60
LEAST_SHARPNESS = 0.15
MOST_PIXELS = 100_000_000
MOST_BYTES = 200_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")


@dataclass(frozen=True, slots=True)
class Portrait:
    """An assessed reference photo: an embedding if its verdict is `good`, else the reason."""

    name: str
    sha256: str
    verdict: str
    """`good`, or one sentence: no face, several faces, too small, too blurred, not a picture."""
    vector: NDArray[np.float32] | None = None
    crop: bytes | None = None
    quality: float = 0.0
    appearance_id: int | None = None
    """The appearance that it was cut from; None for a photo."""

    @property
    def usable(self) -> bool:
        """Whether the photo can be searched with."""
        return self.vector is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of a picture, and its name."""

    name: str
    body: bytes = field(repr=False)
    appearance_id: int | None = None
    """The appearance that it was cut from; None for a photo."""


@dataclass(frozen=True, slots=True)
class OnlyFace:
    """The one face in a picture."""

    face: Face
    chip: NDArray[np.uint8]
    """[1, side, side, 3]"""
    quality: Quality


def examine(photo: Path | Kept, engine: FaceEngine) -> Portrait:
    """Read and assess one photo; a bad photo gives a verdict, not an error.

    Raises ModelUnavailable.
    """
    if isinstance(photo, Kept):
        return _judge(photo, engine)
    name = display_name(photo)
    try:
        return _judge(Kept(name, bytes_of(photo)), engine)
    except UnusablePhoto as reason:
        return Portrait(name, "", str(reason))


def _judge(photo: Kept, engine: FaceEngine) -> Portrait:
    name, sha256 = photo.name, hashlib.sha256(photo.body).hexdigest()
    try:
        image = read_photo(io.BytesIO(photo.body))
        seen = only_face(image, engine)
        _refuse_poor(seen.quality)
    except UnusablePhoto as reason:
        return Portrait(name, sha256, str(reason))
    return Portrait(
        name,
        sha256,
        "good",
        engine.embed(seen.chip)[0],
        jpeg_of(cut_face(image, seen.face, engine.card.detector)),
        seen.quality.value,
        photo.appearance_id,
    )


def only_face(image: Image, engine: FaceEngine) -> OnlyFace:
    """The only face in a picture (RGB uint8), of any quality.

    Raises UnusablePhoto when there is no face or more than one.
    """
    face = _the_one(engine.detect([image])[0])
    chip = engine.align(image, [face])
    return OnlyFace(face, chip, assess(chip[0], face))


def sha256_of(path: Path) -> str:
    """The sha256 of a photo, in hex; empty when the file cannot be read."""
    try:
        return hashlib.sha256(bytes_of(path)).hexdigest()
    except UnusablePhoto:
        return ""


def read_photo(photo: Path | BinaryIO) -> Image:
    """Read a photo as RGB uint8, upright, with a longer side of at most 1600 px.

    Raises UnusablePhoto when it cannot be read as one of `FORMATS`, or has too many pixels.
    """
    try:
        with Picture.open(photo, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UnusablePhoto("It has more than 100 million pixels; scale it down.")
            opened.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnusablePhoto("It is not a picture that can be read.") from error
    except (Picture.DecompressionBombError, Picture.DecompressionBombWarning) as error:
        raise UnusablePhoto("It has more than 100 million pixels; scale it down.") from error
    upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return np.asarray(upright)


def bytes_of(path: Path) -> bytes:
    """A picture's bytes. Raises UnusablePhoto when it cannot be read, or is too large."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block, a device never end
            raise UnusablePhoto("It is a folder or a device, not a file; name the picture itself.")
        if status.st_size > MOST_BYTES:
            raise UnusablePhoto("It is larger than 200 MB; scale it down.")
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise UnusablePhoto(f"It cannot be read: {reason}.") from error


def _the_one(faces: list[Face]) -> Face:
    if not faces:
        raise UnusablePhoto("No face was found in it; use a photo that shows one from the front.")
    if len(faces) > 1:
        raise UnusablePhoto(f"It shows {len(faces)} faces; crop it to one person.")
    return faces[0]


def _refuse_poor(quality: Quality) -> None:
    if quality.size_px < SMALLEST_FACE_PX:
        raise UnusablePhoto(
            f"The face is too small: {quality.size_px:.0f} px wide, "
            f"and at least {SMALLEST_FACE_PX} are needed."
        )
    if quality.sharpness < LEAST_SHARPNESS:
        raise UnusablePhoto("The face is too blurred to search with; use a sharper photo.")
