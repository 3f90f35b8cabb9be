"""Measures a segment of a long recording in the object store, fetched whole and by range.

`python -m bench.by_range [MINUTES]`. The store is a server in this process that sends a gigabit a
second and takes 20 ms for each response. The time runs from an empty cache to the last picture.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import imageio_ffmpeg

from footage.executables import choose
from footage.frames import sample
from footage.guards import Decoder
from footage.recording import fingerprint, probe
from footage.remote.disk_cache import DiskCache
from footage.remote.held_reads import can_hold_reads
from footage.sandbox.sandbox import standing
from footage.segments import Segment, divide
from pipeline.local_footage import Known, local_copy, modified_ns
from storage.files.footage_store import FootageStore
from storage.files.objects import Account, Address, Bucket

CONTAINERS = {
    "mp4": (), "mkv": (), "avi": ("-bsf:v", "h264_mp4toannexb"), "ts": (),
    "fragments.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
}  # fmt: skip
ANSWER_SECONDS, BYTES_PER_SECOND, PIECE_BYTES = 0.02, 125e6, 1 << 20
DRAWN = "testsrc2=size=1280x720:rate=25:duration=60,noise=alls=12:allf=t"
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-maxrate", "4M", "-bufsize",
         "8M", "-g", "50")  # fmt: skip


@dataclass
class Sent:
    """What the store has sent so far."""

    answers: int = 0
    bytes: int = 0


def main(minutes: int = 60) -> None:
    """Print a Markdown table for a segment of at most 60 s from the middle, by container and way of
    fetching."""
    with tempfile.TemporaryDirectory() as name, _serving(Path(name) / "bucket") as (bucket, sent):
        folder, executable = Path(name), choose()
        decoder = Decoder(executable, 2048, 60, 40_000_000, standing(executable))
        print("| container | MB | fetched | MB fetched | answers | seconds |")
        print("| --- | --- | --- | --- | --- | --- |")
        for path in _recordings(folder / "bucket", minutes):
            known = _known(path, bucket, decoder)
            segments = divide(known.recording, 60)
            for by_range in (False, can_hold_reads(executable, decoder.sandbox)):
                cache = DiskCache(folder / f"cache-{path.name}-{by_range}", 1 << 40)
                store = FootageStore({bucket.name: bucket}, cache, by_range)
                sent.answers, sent.bytes, began = 0, 0, time.monotonic()
                _look(segments[len(segments) // 2], known, store, decoder)
                taken = time.monotonic() - began
                cache.clear()
                print(
                    f"| {path.name} | {path.stat().st_size / 1e6:,.0f} "
                    f"| {'by range' if by_range else 'whole'} | {sent.bytes / 1e6:,.1f} "
                    f"| {sent.answers} | {taken:.1f} |"
                )


def _recordings(folder: Path, minutes: int) -> Iterator[Path]:
    """One recording per container; each is removed before the next is made."""
    minute = folder / "minute.mkv"
    _ffmpeg("-f", "lavfi", "-i", DRAWN, *CODED, minute)
    for container, options in CONTAINERS.items():
        path = folder / f"recording.{container}"
        _ffmpeg("-stream_loop", str(minutes - 1), "-i", minute, "-c", "copy", *options, path)
        yield path
        path.unlink()


def _ffmpeg(*arguments: str | Path) -> None:
    executable = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([executable, "-loglevel", "error", *map(str, arguments)], check=True)


def _known(path: Path, bucket: Bucket, decoder: Decoder) -> Known:
    entry = bucket.head(path.name)
    recording = replace(probe(str(path), decoder), path=str(Address(bucket.name, path.name)))
    return Known(recording, fingerprint(str(path)), modified_ns(entry), entry.tag)


def _look(segment: Segment, known: Known, store: FootageStore, decoder: Decoder) -> None:
    with (
        local_copy(known, store) as recording,
        sample(recording, segment, mode="interval", interval_ms=500, max_side_px=1280,
               decoder=decoder) as frames,
    ):  # fmt: skip
        for _ in frames:
            pass


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[Bucket, Sent]]:
    folder.mkdir()
    sent = Sent()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._begin(200, (folder / Path(self.path).name).stat().st_size)

        def do_GET(self) -> None:
            time.sleep(ANSWER_SECONDS)
            path = folder / Path(self.path).name
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            self._begin(206, last + 1 - first, f"bytes {first}-{last}/{path.stat().st_size}")
            with path.open("rb") as file:
                for start in range(first, last + 1, PIECE_BYTES):
                    piece = os.pread(file.fileno(), min(PIECE_BYTES, last + 1 - start), start)
                    self.wfile.write(piece)
                    time.sleep(len(piece) / BYTES_PER_SECOND)
            sent.answers, sent.bytes = sent.answers + 1, sent.bytes + last + 1 - first

        def _begin(self, status: int, length: int, part: str = "") -> None:
            changed = (folder / Path(self.path).name).stat().st_mtime
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.send_header("ETag", f'"{changed}"')
            self.send_header("Last-Modified", formatdate(changed, usegmt=True))
            if part:
                self.send_header("Content-Range", part)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    account = Account(f"http://127.0.0.1:{server.server_port}", "us-east-1", "us", "of ours")
    yield Bucket(account, "footage"), sent
    server.shutdown()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
