"""Pictures of faces for people to look at."""

import io

import numpy as np
from PIL import Image as Picture

from faces.face import Box, Image

MARGIN = 0.35
"""How much of the surroundings is kept on each side, in box widths."""
LONGEST_SIDE_PX = 256


def cut(image: Image, box: Box) -> Image:
    """The face with some surroundings, RGB uint8, no side longer than 256 px."""
    height, width = image.shape[:2]
    margin = MARGIN * max(box.width, box.height)
    left, top = max(0, int(box.x - margin)), max(0, int(box.y - margin))
    right = max(left + 1, min(width, int(box.x + box.width + margin)))
    bottom = max(top + 1, min(height, int(box.y + box.height + margin)))
    piece = Picture.fromarray(image[top:bottom, left:right])
    piece.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return np.asarray(piece)


def jpeg(image: Image) -> bytes:
    """Encode an RGB picture; the same pixels give the same bytes."""
    out = io.BytesIO()
    Picture.fromarray(image).save(out, "JPEG", quality=90)
    return out.getvalue()
