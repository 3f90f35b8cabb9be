"""Numbers in addresses: ids and places, as large as any database here takes."""

from typing import Annotated

from fastapi import Path, Query

MOST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=MOST, examples=[1])]
"""An id."""
Spot = Annotated[int, Path(ge=0, le=MOST, examples=[0])]
"""A place in a list, counted from 0."""
First = Annotated[int, Query(ge=0, le=MOST)]
"""How many of a list come before the page that is asked for."""
