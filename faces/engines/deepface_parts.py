"""Descriptions of DeepFace's recognisers and detectors, and of their crops, as plain values."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Crop:
    """Where a recogniser expects the eyes of an upright face, in fractions of the chip's side."""

    eye_distance: float
    eye_line: float
    eye_centre: float = 0.5


ARCFACE_CROP = Crop(0.314623, 0.460704, 0.499225)
"""The 112-pixel template of insightface's `face_align.py`; opencv's SFace aligns to the same."""
FACENET_CROP = Crop(0.33, 0.38)
"""facenet's `align_dataset_mtcnn.py --image_size 160 --margin 32`: an MTCNN box filling four fifths
of the chip. facenet stretches that box to a square; this is the same crop without the stretch."""
VGGFACE_CROP = Crop(0.30, 0.38)
"""The VGGFace2 paper (arXiv 1710.08092) widens each face box by 0.3 of its size. Nothing better is
published for VGG-Face and DeepID, which were trained on loose crops too."""
OPENFACE_CROP = Crop(0.4287, 0.1632, 0.4918)
"""The eye centres of `MINMAX_TEMPLATE` in OpenFace's `align_dlib.py`: a chip from brows to chin."""
DLIB_CROP = Crop(0.3503, 0.3142, 0.4934)
"""The eye centres of `get_face_chip_details` in dlib's `interpolation.h`, padding 0.25."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A recogniser or a detector, with its own licence and weight files."""

    name: str
    licence: str
    commercial_use: bool = True
    weights: tuple[str, ...] = ()
    """Files below `weights.folder`; empty if an installed package contains them."""
    package: str = ""
    """Module that must be importable besides DeepFace's own requirements."""
    install: str = ""
    """Name of that package for pip, if it differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recogniser(Part):
    """Turns chips into vectors."""

    dimension: int
    threshold: float
    """Cosine distance at or below which two faces make a candidate."""
    side: int
    """Side of the square chips, in pixels."""
    crop: Crop
    width: int = 0
    """Number of columns in the middle of the chip that the network uses; 0 for all."""
    network: Literal["torch", "other"] = "torch"
    """`other`: opencv, dlib or onnxruntime, through DeepFace's own `forward`."""
    unit_length: bool = False
    """DeepFace scales this model's vectors to length one after the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector(Part):
    """Detects faces."""
