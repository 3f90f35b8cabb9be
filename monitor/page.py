"""`/metrics` and `/health` over HTTP, for this machine's own programs; they contain no names."""

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST

from errors import NightreelError, StackTrouble
from monitor.metrics import Exporter
from monitor.snapshots import Snapshot, described

Answer = tuple[HTTPStatus, str, bytes]


def serve(
    address: str, port: int, exporter: Exporter, look: Callable[[], Snapshot]
) -> ThreadingHTTPServer:
    """Serve in background threads until the process ends; returns the server.

    Raises StackTrouble if the port cannot be used.
    """
    answers: dict[str, Callable[[], Answer]] = {
        "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, exporter.text()),
        "/health": lambda: health_answer(look),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds, for clients that connect and send nothing
        server_version = "nightreel"
        sys_version = ""

        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0], _not_found)
            status, content_type, body = answer()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: a line for every scrape is useless."""

    try:
        server = ThreadingHTTPServer((address, port), Handler)
    except OSError as error:
        raise StackTrouble(
            f"Port {port} is in use, so the monitor cannot start; "
            "set NIGHTREEL_MONITOR_PORT to a free one."
        ) from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def health_answer(look: Callable[[], Snapshot]) -> Answer:
    """Status 200 if all is well, else 503, and the health as JSON."""
    try:
        body = described(look())
    except NightreelError as error:
        body = {"well": False, "troubles": [str(error)]}
    status = HTTPStatus.OK if body["well"] else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps(body).encode() + b"\n"


def _not_found() -> Answer:
    return HTTPStatus.NOT_FOUND, "text/plain", b"Try /metrics or /health.\n"
