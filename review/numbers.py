"""Numbers in addresses: ids and places, as large as any database here takes."""

from typing import Annotated

from fastapi import Path

MOST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=MOST, examples=[1])]
"""An id."""
Spot = Annotated[int, Path(ge=0, le=MOST, examples=[0])]
"""A place in a list, counted from 0."""
