"""Uploads by the tus protocol 1.0 (creation and termination): resumable, as streams to the disk.

The same routes serve the page, with a session, and programs, with a token. Why no library: the one
that is maintained, tuspyserver, writes file names into logs and has no owner of an upload.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from errors import Conflict, TooLarge
from pipeline.act import Caller
from pipeline.governance.cases import find_case, require_case
from pipeline.intake.receive import Receiving
from pipeline.intake.uploads import begin_upload, note_bytes, own_upload, stop_upload
from pipeline.names import display_name
from review.guard import router
from review.site import OurSite, Site
from review.visitors import Asked, Visitor, Who
from storage.access.audit import Action
from storage.jobs.uploads import Stage, Upload

VERSION = "1.0.0"
SPEAKS = {"Tus-Resumable": VERSION}
STREAM = "application/offset+octet-stream"
PIECE_BYTES = 1 << 20
"""How much of an upload is held in memory before it is written to the disk."""
TIMEOUT_SECONDS = 60.0
"""How long to wait for the next bytes of a client."""
LONGEST_NAME = 200
BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
PAIR = f"[!-+.-~-]+(?: {BASE64})?"
BINARY = {"schema": {"type": "string", "format": "binary"}}
Speaking = Annotated[str, Header(description="Always 1.0.0.")]
Metadata = Annotated[str, Header(max_length=4000, pattern=rf"^(?:{PAIR}(?:,{PAIR})*)?$")]


def routes_at(prefix: str, **options: Any) -> APIRouter:
    """The routes of the protocol, below a path."""
    routes = router(prefix, default_response_class=Response, **options)
    routes.options("", status_code=HTTPStatus.NO_CONTENT)(offer)
    routes.post("", status_code=HTTPStatus.CREATED)(create)
    routes.head("/{upload_id}")(tell)
    body = {"requestBody": {"required": True, "content": {STREAM: BINARY}}}
    routes.patch("/{upload_id}", status_code=HTTPStatus.NO_CONTENT, openapi_extra=body)(receive)
    routes.delete("/{upload_id}", status_code=HTTPStatus.NO_CONTENT)(stop)
    return routes


def offer(ours: OurSite) -> Response:
    """The supported protocol version and extensions, and the maximum file size."""
    headers = SPEAKS | {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,termination",
        "Tus-Max-Size": str(ours.most_upload_bytes),
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


def create(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    upload_length: Annotated[int, Header(ge=1, le=1 << 50)],
    tus_resumable: Speaking = "",
    upload_metadata: Metadata = "",
) -> Response:
    """Begin an upload. `Upload-Metadata` has the file name and the case reference: pairs of
    `filename` or `case` and a value in base64. Send the bytes to the `Location` of the response."""
    _check_version(tus_resumable)
    if upload_length > ours.most_upload_bytes:
        raise TooLarge("The file is too large; see NIGHTREEL_UPLOAD_MAX_GB.")
    upload = _begin(ours, asked, who, _metadata(upload_metadata), upload_length)
    place = f"{request.url.path}/{upload.id}"
    return Response(status_code=HTTPStatus.CREATED, headers=SPEAKS | {"Location": place})


def tell(
    upload_id: str, ours: OurSite, asked: Asked, who: Who, tus_resumable: Speaking = ""
) -> Response:
    """How many bytes of an upload were received: `Upload-Offset`, of `Upload-Length`."""
    _check_version(tus_resumable)
    upload = own_upload(asked, upload_id, who.account_id)
    return Response(
        headers=SPEAKS
        | {
            "Upload-Offset": str(_offset(ours, upload)),
            "Upload-Length": str(upload.size_bytes),
            "Cache-Control": "no-store",
        }
    )


async def receive(
    request: Request,
    upload_id: str,
    ours: OurSite,
    asked: Asked,
    who: Who,
    upload_offset: Annotated[int, Header(ge=0, le=1 << 50)],
    tus_resumable: Speaking = "",
) -> Response:
    """Send bytes from `Upload-Offset` on, as `application/offset+octet-stream`. Received bytes
    are kept, whatever ends the request."""
    _check_version(tus_resumable)
    if request.headers.get("content-type") != STREAM:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Bytes come as {STREAM}")
    upload = await run_in_threadpool(own_upload, asked, upload_id, who.account_id)
    if upload.stage is not Stage.COMING:
        return _at(upload.size_bytes)
    with ours.inbox.hold(upload.id) as receiving:
        begin = receiving.length
        if upload_offset != begin:
            raise Conflict(f"The upload resumes at byte {begin}; request its Upload-Offset.")
        await _write(request, receiving, upload.size_bytes)
        await run_in_threadpool(_come, ours, asked, upload, receiving)
        return _at(receiving.length)


def stop(
    upload_id: str, ours: OurSite, asked: Asked, who: Who, tus_resumable: Speaking = ""
) -> Response:
    """Cancel an upload; its bytes are deleted. A file that was already added stays."""
    _check_version(tus_resumable)
    upload = own_upload(asked, upload_id, who.account_id)
    stop_upload(asked, ours.inbox, upload)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=SPEAKS)


async def _write(request: Request, receiving: Receiving, size_bytes: int) -> None:
    begin = receiving.length
    piece, came = bytearray(), 0
    async for chunk in _chunks(request):
        came += len(chunk)
        if begin + came > size_bytes:
            await run_in_threadpool(receiving.cut, begin)
            raise TooLarge("The upload sent more bytes than it declared; start it again.")
        piece += chunk
        if len(piece) >= PIECE_BYTES:
            await run_in_threadpool(receiving.append, bytes(piece))
            piece.clear()
    await run_in_threadpool(receiving.append, bytes(piece))


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The bytes of the body, until it ends, the client disconnects, or a timeout passes."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                yield await anext(stream)
        except (StopAsyncIteration, ClientDisconnect, TimeoutError):
            return


def _begin(
    ours: Site, asked: Caller, who: Visitor, given: dict[str, str], size_bytes: int
) -> Upload:
    case_id = None
    if case := given.get("case"):
        case_id = find_case(asked, case, Action.RECORDING_ADDED)
        require_case(asked, case_id, Action.RECORDING_ADDED)
    return begin_upload(
        asked,
        ours.inbox,
        account_id=who.account_id,
        case_id=case_id,
        name=shown_name(given.get("filename", "")),
        size_bytes=size_bytes,
    )


def _come(ours: Site, asked: Caller, upload: Upload, receiving: Receiving) -> None:
    # Read the clock again: the upload may have taken hours.
    if note_bytes(replace(asked, now=ours.now()), upload, receiving):
        ours.wake_importer()


def _offset(ours: Site, upload: Upload) -> int:
    coming = upload.stage is Stage.COMING
    return ours.inbox.offset(upload.id) if coming else upload.size_bytes


def _at(offset: int) -> Response:
    headers = SPEAKS | {"Upload-Offset": str(offset)}
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


def _check_version(given: str) -> None:
    if given != VERSION:
        raise HTTPException(
            HTTPStatus.PRECONDITION_FAILED,
            f"This speaks tus {VERSION}; give Tus-Resumable",
            headers={"Tus-Version": VERSION},
        )


def _metadata(header: str) -> dict[str, str]:
    pairs = (pair.partition(" ") for pair in header.split(","))
    return {
        key: base64.b64decode(value).decode("utf-8", "backslashreplace") for key, _, value in pairs
    }


def shown_name(given: str) -> str:
    """A file name to show: without path and control characters, and of limited length."""
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    return display_name(Path(last[:LONGEST_NAME].replace("/", "")))[:LONGEST_NAME] or "unnamed"
