"""`python -m bench.upload [GIGABYTES] [BREAKS]`: a large upload over a connection that breaks.

A real server, a real client, real footage with a tail of random bytes. The connection is cut in the
middle of a request, BREAKS times. Reports whether the received file is the one that was sent, by
the sha256 that the ordinary ingest step computes, and the server's peak memory.
"""

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from footage.executables import choose
from pipeline.clock import utc_now
from review.sessions import form_token_of
from storage.access import web_sessions
from storage.access.accounts import Role, add_account
from storage.database.database import Engine, connect, reading, upgrade, writing
from storage.jobs.uploads import find
from storage.tables import Recording
from worker.ports import free_port

PIECE = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Source:
    """Footage of any length, never held in memory: a clip, followed by a box of random bytes."""

    clip: bytes
    size: int

    def bytes_from(self, offset: int) -> Iterator[bytes]:
        """The bytes from an offset on, piece by piece."""
        for number in range(offset // PIECE, -(-self.size // PIECE)):
            piece = self._piece(number)
            yield piece[max(0, offset - number * PIECE) :]

    def _piece(self, number: int) -> bytes:
        begin = number * PIECE
        length = min(PIECE, self.size - begin)
        head = self.clip[begin : begin + length]
        return head + random.Random(number).randbytes(length - len(head))


def main(gigabytes: float = 5, breaks: int = 10) -> None:
    """Measure, and print one line."""
    with tempfile.TemporaryDirectory(prefix="nightreel-upload-") as folder:
        home = Path(folder)
        source = Source(_clip(home, int(gigabytes * 1e9)), int(gigabytes * 1e9))
        database = connect(f"sqlite:///{home / 'nightreel.db'}")
        upgrade(database)
        account, token = _account(database)
        port = free_port()
        server = _serve(home, port)
        try:
            began = time.monotonic()
            place, digest, most_bytes = _upload(source, port, token, server, breaks)
            seconds = time.monotonic() - began
            taken = _taken(database, place, account)
        finally:
            server.terminate()
            server.wait()
    print(
        f"{gigabytes} GB, {breaks} breaks: {seconds:.0f} s, server at most "
        f"{most_bytes / 1e6:.0f} MB, sha256 {'the same' if taken == digest else 'ANOTHER'}"
    )


def _upload(
    source: Source, port: int, token: str, server: "subprocess.Popen[bytes]", breaks: int
) -> tuple[str, str, int]:
    headers = TUS | {"X-Form-Token": form_token_of(token)}
    cuts = [source.size * (number + 1) // (breaks + 1) for number in range(breaks)]
    digest, most_bytes = hashlib.sha256(), 0
    for piece in source.bytes_from(0):
        digest.update(piece)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
        client.cookies.set("nightreel", token)
        _until(client, "/login")
        place = client.post("/uploads", headers={"Upload-Length": str(source.size)})
        place.raise_for_status()
        where = place.headers["location"]
        process = psutil.Process(server.pid)
        while (offset := _offset(client, where)) < source.size:
            cut = cuts.pop(0) if cuts else None
            for most in _send(client, where, source, offset, cut, process):
                most_bytes = max(most, most_bytes)
    return where, digest.hexdigest(), most_bytes


def _send(
    client: httpx.Client,
    where: str,
    source: Source,
    offset: int,
    cut: int | None,
    process: psutil.Process,
) -> list[int]:
    taken: list[int] = []

    def content() -> Iterator[bytes]:
        sent = offset
        for piece in source.bytes_from(offset):
            yield piece
            sent += len(piece)
            taken.append(process.memory_info().rss)
            if cut is not None and sent >= cut:
                raise ConnectionResetError("the line breaks here")

    headers = {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(source.size - offset),
    }
    with suppress(ConnectionResetError):
        client.patch(where, headers=headers, content=content())
    return taken


def _offset(client: httpx.Client, where: str) -> int:
    return int(client.head(where).headers["Upload-Offset"])


def _until(client: httpx.Client, place: str) -> None:
    while True:
        try:
            client.get(place)
            return
        except httpx.ConnectError:
            time.sleep(0.1)


def _taken(database: Engine, place: str, account: int) -> str:
    while True:
        with reading(database) as session:
            upload = find(session, place.rpartition("/")[2], account_id=account)
            if upload.recording_id is not None:
                return session.get_one(Recording, upload.recording_id).sha256
            if upload.reason:
                raise SystemExit(upload.reason)
        time.sleep(0.5)


def _account(database: Engine) -> tuple[int, str]:
    with writing(database) as session:
        made = add_account(
            session, name="bench", roles=[Role.UPLOADER], password_hash=None, now=utc_now()
        )
        return made.id, web_sessions.begin(session, made.id, utc_now())


def _serve(home: Path, port: int) -> "subprocess.Popen[bytes]":
    ours = {
        "NIGHTREEL_HOME": str(home),
        "NIGHTREEL_WEB_PORT": str(port),
        "NIGHTREEL_ENGINE": "stub",
    }
    return subprocess.Popen([sys.executable, "-m", "review.serve"], env=os.environ | ours)


def _clip(folder: Path, size: int) -> bytes:
    """Three seconds of a test picture, and the header of a box that extends to the end."""
    file = folder / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=duration=3:size=320x240:rate=25"]
    coded = ["-c:v", "mpeg4", "-movflags", "+faststart"]
    subprocess.run([choose(), "-loglevel", "error", *picture, *coded, str(file)], check=True)
    clip = file.read_bytes()
    return clip + b"\0\0\0\1free" + (size - len(clip)).to_bytes(8, "big")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else main()
