"""A body of which a browser may ask for a part: what is played can be wound on and back."""

import re

from fastapi import Request, Response

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def part_of(body: bytes, media_type: str, request: Request) -> Response:
    """The part that was asked for, or all of it where none was, or none that makes sense."""
    headers = {"Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None:
        return Response(body, media_type=media_type, headers=headers)
    start, end = int(found[1]), min(int(found[2] or len(body)), len(body) - 1)
    if start > end:
        headers["Content-Range"] = f"bytes */{len(body)}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return Response(body[start : end + 1], 206, headers, media_type)
