"""A stored picture of a face, and where in it the face is."""

from dataclasses import dataclass

from faces.face import Face, Image


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A face with some surroundings."""

    image: Image
    face: Face | None = None
    """The detection, in pixels of this picture; None if it is not known."""
    detector: str = ""
    """The detector that made the detection; its landmarks are valid for engines with the same
    detector only."""
