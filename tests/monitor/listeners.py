"""A command and a web address that record the alerts they receive."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


def command_that(folder: Path, *lines: str) -> Path:
    """A shell script."""
    folder.mkdir(exist_ok=True)
    script = folder / "tell me; $(now)"
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(0o700)
    return script


def diary_of(folder: Path) -> list[dict[str, Any]]:
    """What `command_that_writes_down` received."""
    diary = folder / "diary"
    return [json.loads(line) for line in diary.read_text().splitlines()] if diary.exists() else []


def command_that_writes_down(folder: Path) -> Path:
    """A command that appends its input to a diary."""
    return command_that(folder, f"cat >> '{folder / 'diary'}'")


@dataclass
class Web:
    """A web address and the requests it received."""

    url: str
    heard: list[tuple[str, Any]] = field(default_factory=list)
    """Content type and body of every POST."""


@contextmanager
def web_that_answers(status: int, **headers: str) -> Iterator[Web]:
    """A server on the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            web.heard.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(status)
            for name, value in ({"Location": f"{web.url}/elsewhere"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    web = Web(f"http://127.0.0.1:{server.server_port}/secret-token")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()
