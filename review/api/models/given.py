"""Kinds of values that programs send or receive."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from errors import WrongUsage
from review.numbers import MOST
from storage.cases.cases import EVER

SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=SOMETHING),
]
"""A name or a reference; never empty."""
Sentence = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=SOMETHING),
]
"""A reason or a purpose; never empty."""
Remark = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")
]
"""May be empty."""
Id = Annotated[int, Field(ge=1, le=MOST)]
Gaps = Annotated[
    list[tuple[int, int]],
    Field(
        description="Ranges that could not be analysed, in milliseconds.",
        examples=[[[61000, 64000]]],
    ),
]
Reasons = Annotated[
    list[str],
    Field(description="Reasons for the gaps.", examples=[["The file ends before its time."]]),
]


def _in_utc(moment: datetime) -> datetime:
    if not EVER[0] <= moment <= EVER[1]:
        raise WrongUsage("A time must lie between the years 1900 and 2200.")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""With its zone."""
