"""A picture of a face that is kept, and where in it the face is."""

from dataclasses import dataclass

from faces.face import Face, Image


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A face with some surroundings."""

    image: Image
    face: Face | None = None
    """The detection, in pixels of this picture; None where it is not known."""
    detector: str = ""
    """Whose detection it is: landmarks mean the same only to engines with this detector."""
