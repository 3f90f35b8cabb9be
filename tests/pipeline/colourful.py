"""Strangers of every colour."""

import colorsys
from pathlib import Path

from painted import paint_photo

from faces.error_rates import FEW
from pipeline.people.strangers import Stranger


def strangers_of_every_colour(folder: Path, number: int = FEW) -> list[Stranger]:
    """One photo each, painted into this folder; the first half are labelled `warm`."""
    folder.mkdir(exist_ok=True)
    found = []
    for place in range(number):
        red, green, blue = colorsys.hsv_to_rgb(place / number + 0.013, 0.87, 0.88)
        colour = (round(255 * red), round(255 * green), round(255 * blue))
        photo = paint_photo(folder / f"{place}.png", colour)
        found.append(Stranger(photo.name, (photo,), "warm" if place < number // 2 else ""))
    return found
