"""Range requests: a browser requests a part of a body, so that a player can seek."""

import re

from fastapi import Request, Response

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def part_of(body: bytes, media_type: str, request: Request) -> Response:
    """The requested part; the whole body if none was requested or the header is not understood."""
    headers = {"Accept-Ranges": "bytes"}
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None:
        return Response(body, media_type=media_type, headers=headers)
    start, end = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
    if start > end:
        headers["Content-Range"] = f"bytes */{len(body)}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return Response(body[start : end + 1], 206, headers, media_type)
