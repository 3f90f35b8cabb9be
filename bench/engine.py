"""Compares engine `dlib` with dlib itself: whether results are the same, and how much faster.

`python -m bench.engine [ROUNDS]`: both take turns in one run; medians over the rounds. dlib uses
one core per picture, even if there are more.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from statistics import median

import dlib
import numpy as np
import torch

from bench.pictures import crowd, crowds
from faces.engine import FaceEngine
from faces.engines.dlib_torch import dlib_engine
from faces.engines.dlib_weights import DETECTOR_FILE, EMBEDDER_FILE, weights_folder
from faces.engines.hardware import computes_in_bfloat16
from faces.face import Box, Image
from faces.geometry import iou

PICTURES = 100
WAYS = [("float32", 2), ("float32", 1), ("bfloat16", 2), ("bfloat16", 1)]
"""Precision, and number of torch threads."""
FRAMES_A_PROCESS = 40
FIRST_CALL = """
import time
import torch

def peak_mb():
    # Not getrusage: it counts the parent's memory until exec.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

begun, idle_mb = time.perf_counter(), peak_mb()
torch.set_num_threads(1)
import numpy as np
from bench.pictures import crowd
from faces.engines.dlib_torch import dlib_engine
engine = dlib_engine()
image = crowd(np.random.default_rng(0), faces=2, width={width}, height={height})
engine.embed(engine.align(image, engine.detect([image])[0]))
print(time.perf_counter() - begun, peak_mb() - idle_mb)
"""


@dataclass(frozen=True)
class Job:
    """The same work for both sides; a call processes this many items."""

    name: str
    by_dlib: Callable[[], object]
    here: Callable[[FaceEngine], object]
    items_by_dlib: int = 1
    items_here: int = 1


def main(rounds: int = 5) -> None:
    """Print Markdown tables: agreement, speed, and what a process needs."""
    _print_agreement()
    print("\n| what | precision | threads | dlib, ms | here, ms | times faster |")
    print("| --- | --- | --- | --- | --- | --- |")
    for job in (_embedding(), _detection(640, 360), _detection(1920, 1080)):
        _print_speed(job, rounds)
    _print_first_call()
    _print_scaling()


def _print_agreement() -> None:
    pictures = crowds(seed=2, count=PICTURES)
    model = dlib.cnn_face_detection_model_v1(str(weights_folder() / DETECTOR_FILE))
    theirs = [[_box(face.rect) for face in model(picture, 0)] for picture in pictures]
    faces = dlib_engine(device="cpu", precision="float32").detect(pictures)
    ours = [[face.box for face in in_picture] for in_picture in faces]
    pairs = [(box, boxes) for there, boxes in zip(theirs, ours, strict=True) for box in there]
    found = sum(any(iou(box, other) >= 0.7 for other in boxes) for box, boxes in pairs)
    extra = sum(map(len, ours)) - found
    print(f"| faces dlib finds on {PICTURES} pictures | found here | extra here |")
    print(f"| --- | --- | --- |\n| {len(pairs)} | {found} | {extra} |")


def _box(rectangle: "dlib.rectangle") -> Box:
    return Box(rectangle.left(), rectangle.top(), rectangle.width(), rectangle.height())


def _embedding() -> Job:
    model = dlib.face_recognition_model_v1(str(weights_folder() / EMBEDDER_FILE))
    chips = np.random.default_rng(0).integers(0, 255, (16, 150, 150, 3), dtype=np.uint8)
    return Job(
        "embedding a face",
        lambda: model.compute_face_descriptor(list(chips[:4])),
        lambda engine: engine.embed(chips),
        items_by_dlib=4,
        items_here=16,
    )


def _detection(width: int, height: int) -> Job:
    model = dlib.cnn_face_detection_model_v1(str(weights_folder() / DETECTOR_FILE))
    image = _picture(width, height)
    return Job(
        f"detection, {width}x{height}",
        lambda: model(image, 0),
        lambda engine: engine.detect([image]),
    )


def _picture(width: int, height: int) -> Image:
    return crowd(np.random.default_rng(0), faces=2, width=width, height=height)


def _print_speed(job: Job, rounds: int) -> None:
    engines = {precision: dlib_engine(device="cpu", precision=precision) for precision, _ in WAYS}
    dlib_ms: list[float] = []
    our_ms: dict[tuple[str, int], list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        dlib_ms.append(_milliseconds(job.by_dlib) / job.items_by_dlib)
        for (precision, threads), times in our_ms.items():
            torch.set_num_threads(threads)
            job.here(engines[precision])  # warm
            work = partial(job.here, engines[precision])
            times += [_milliseconds(work) / job.items_here for _ in range(3)]
    peer = median(dlib_ms)
    for (precision, threads), times in our_ms.items():
        ms = median(times)
        way = f"{_label(precision)} | {threads}"
        print(f"| {job.name} | {way} | {peer:.0f} | {ms:.1f} | {peer / ms:.1f} |", flush=True)


def _label(precision: str) -> str:
    emulated = precision == "bfloat16" and not computes_in_bfloat16(torch.device("cpu"))
    return "bfloat16 (processor has no bfloat16)" if emulated else precision


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _print_first_call() -> None:
    print("\n| a fresh process, beyond importing torch | until the first answer, s | memory, MB |")
    print("| --- | --- | --- |")
    for width, height in ((640, 360), (1920, 1080)):
        code = FIRST_CALL.format(width=width, height=height)
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        seconds, megabytes = map(float, run.stdout.split())
        print(f"| {width}x{height}, one thread | {seconds:.2f} | {megabytes:.0f} |")


def _print_scaling() -> None:
    print("\n| processes of one thread each | frames of 640x360 a second |\n| --- | --- |")
    for count in (1, 2):
        with get_context("spawn").Pool(count) as pool:
            rates = pool.map(_frames_a_second, range(count), chunksize=1)
        print(f"| {count} | {sum(rates):.1f} |")


def _frames_a_second(_number: int) -> float:
    torch.set_num_threads(1)
    engine, image = dlib_engine(device="cpu", precision="float32"), _picture(640, 360)
    engine.detect([image])
    return (
        FRAMES_A_PROCESS * 1000 / _milliseconds(lambda: engine.detect([image] * FRAMES_A_PROCESS))
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
