"""Numbers in URLs: ids and positions, up to the largest that any database here takes."""

from typing import Annotated

from fastapi import Path, Query

MOST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=MOST, examples=[1])]
"""An id."""
Spot = Annotated[int, Path(ge=0, le=MOST, examples=[0])]
"""A position in a list, counted from 0."""
First = Annotated[int, Query(ge=0, le=MOST)]
"""How many items of a list come before the requested page."""
