"""The error response of the API."""

from pydantic import BaseModel, Field


class Said(BaseModel):
    """An error."""

    detail: str = Field(
        description="One sentence: what is wrong and what to do.",
        examples=["Case 2026-117 was closed on 2026-11-25."],
    )
