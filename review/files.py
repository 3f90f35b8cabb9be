"""File responses, as the API describes them."""

from typing import Any, TypeAlias

Responses: TypeAlias = dict[int | str, dict[str, Any]]


def described(media_type: str, what: str, status: int = 200) -> Responses:
    """The description of a file response of this kind with this status."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {status: {"description": what, "content": content}}


PICTURE = described("image/jpeg", "The picture.")
CLIP = (
    described("video/mp4", "The clip.")
    | described("video/mp4", "The part that was asked for.", 206)
    | {416: {"description": "There is no such part."}}
)
