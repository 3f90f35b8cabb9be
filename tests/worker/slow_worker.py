"""A worker with the project's configuration and two tasks that a stop has to wait for."""

import os
import signal
import time
from pathlib import Path

from worker.app import app

app.conf.imports = ("worker.signals",)  # the project's own tasks would only take time to load


@app.task(name="slow.nap")
def nap(seconds: float, diary: str) -> None:
    """Sleep, and write down when it began and when it was over."""
    with Path(diary).open("a") as file:
        print("began", file=file, flush=True)
        time.sleep(seconds)
        print("ended", file=file, flush=True)


@app.task(name="slow.die_once")
def die_once(diary: str) -> None:
    """Take the process along the first time, as a decoder's crash would."""
    first = not Path(diary).exists()
    with Path(diary).open("a") as file:
        print("began", file=file, flush=True)
    if first:
        os.kill(os.getpid(), signal.SIGKILL)
    with Path(diary).open("a") as file:
        print("ended", file=file, flush=True)


if __name__ == "__main__":
    app.Worker(concurrency=1, quiet=True, without_mingle=True, loglevel="INFO").start()
