"""Reads that are held: a child never sees what is missing of its footage."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from footage_factory import X264, draw, number, numbered

from errors import DecoderFailed, StoreUnavailable
from footage.excerpt import Span, excerpt
from footage.executables import choose
from footage.frames import sample
from footage.guards import Decoder
from footage.recording import Recording, probe
from footage.remote.held_reads import HeldReads, can_hold_reads
from footage.sandbox import confine
from footage.sandbox.sandbox import NO_WALLS, Sandbox, standing, start, starts
from footage.segments import divide

OWN = Sandbox(namespaces=True, landlock=True, no_sockets=True)
SHELL = "/bin/bash"
AWAY = StoreUnavailable("The store is away.")


@pytest.fixture(scope="module", autouse=True)
def reads_can_be_held() -> None:
    if not can_hold_reads(choose(), standing(choose())):
        (pytest.fail if "CI" in os.environ else pytest.skip)("this kernel holds no reads")


class Bringing:
    """Fills a file that has its size and nothing in it, where it is asked to."""

    def __init__(self, whole: Path, part: Path, meanwhile: Callable[[int], object]) -> None:
        self.path, self._content, self._meanwhile = part, whole.read_bytes(), meanwhile
        self.asked: list[tuple[int, int]] = []
        self.was_missing = True
        part.write_bytes(b"")
        os.truncate(part, len(self._content))

    def ensure(self, start: int, end: int) -> bool:
        self.asked.append((start, end))
        self._meanwhile(start)
        with self.path.open("r+b") as file:
            file.seek(start)
            file.write(self._content[start:end])
        return self.was_missing


@pytest.fixture
def bringing(tmp_path: Path) -> Iterator[Callable[..., Bringing]]:
    def make(whole: Path, meanwhile: Callable[[int], object] = lambda _: None) -> Bringing:
        return Bringing(whole, tmp_path / "part", meanwhile)

    yield make
    assert not [each for each in threading.enumerate() if each.name == "held-reads"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_text("".join(f"line {each}\n" for each in range(5000)))
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, its index first; picture k shows k."""
    options = (*X264, "-movflags", "+faststart")
    return draw(
        tmp_path_factory.mktemp("film") / "film.mp4",
        numbered(200, width=640, height=480),
        options=options,
    )


def run(arguments: list[str], sandbox: Sandbox, supply: Bringing) -> str:
    """What a program says that has the file for its standard input."""
    with (
        supply.path.open("rb") as file,
        HeldReads(file.fileno(), supply, arguments[0], sandbox) as reads,
        start(arguments, sandbox, {}, stdin=file.fileno(), starter=reads.starter) as child,
    ):
        try:
            said, complaints = child.communicate(timeout=20)
        finally:
            child.kill()
        reads.check()
    return (said + complaints).decode()


def numbers(recording: Recording, decoder: Decoder) -> list[int]:
    """What the pictures of the last segment show, one every half second."""
    segment = divide(recording, 2)[-1]
    looking = {"mode": "interval", "interval_ms": 500, "max_side_px": 160, "decoder": decoder}
    with sample(recording, segment, **looking) as frames:  # type: ignore[arg-type]
        return [number(frame.image) for frame in frames]


@pytest.mark.parametrize(
    "sandbox", [NO_WALLS, Sandbox(unprivileged=True), OWN, Sandbox(bubblewrap=True)], ids=repr
)
def test_a_child_reads_what_comes_only_when_it_reads(
    sandbox: Sandbox, text: Path, bringing: Callable[..., Bringing]
) -> None:
    if sandbox.bubblewrap and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    if not starts(choose(), sandbox):
        pytest.skip("this machine allows no such sandbox")
    script = "while read line; do echo $line; done <&0"
    assert run([SHELL, "-c", script], sandbox, bringing(text)) == text.read_text()


def test_a_duplicate_of_the_descriptor_is_held_too(
    text: Path, bringing: Callable[..., Bringing]
) -> None:
    script = "exec 7<&0 0</dev/null; while read line <&7; do echo $line; done"
    assert run([SHELL, "-c", script], NO_WALLS, bringing(text)) == text.read_text()


def test_reading_at_an_offset_brings_what_lies_there(
    text: Path, bringing: Callable[..., Bringing]
) -> None:
    supply = bringing(text)
    script = "import os; print(os.pread(0, 12, 30000).decode())"
    assert run([sys.executable, "-c", script], NO_WALLS, supply).strip() in text.read_text()
    assert (30_000, 30_012) in supply.asked


@pytest.mark.parametrize(
    "way",
    [
        "os.readv(0, [bytearray(9)])",
        "os.preadv(0, [bytearray(9)], 0)",
        "os.sendfile(1, 0, 0, 9)",
        "os.copy_file_range(0, 1, 9)",
        "os.splice(0, 1, 9)",
    ],
)
def test_other_ways_to_read_are_refused(
    way: str, text: Path, bringing: Callable[..., Bringing]
) -> None:
    if not hasattr(os, way[3 : way.index("(")]):
        pytest.skip("this Python has no such call")
    said = run([sys.executable, "-c", f"import os; {way}"], NO_WALLS, bringing(text))
    assert "PermissionError" in said


def test_pictures_are_the_same(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    whole, supply = probe(str(film), decoder), bringing(film)
    held = replace(whole, path=str(supply.path), supply=supply)
    assert numbers(held, decoder) == numbers(whole, decoder) != []


def test_a_moment_of_it_is_the_same(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    whole, supply = probe(str(film), decoder), bringing(film)
    span = Span(start_ms=5000, end_ms=6000, interval_ms=200, max_side_px=160)
    shown = [
        [number(frame.image) for frame in excerpt(one, divide(whole, 60)[0], span, decoder=decoder)]
        for one in (whole, replace(whole, path=str(supply.path), supply=supply))
    ]
    assert shown[0] == shown[1] != []


def test_what_cannot_be_brought_is_no_damage(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    def goes_away(start: int) -> None:
        if start > film.stat().st_size // 2:  # by then the index has been read
            raise AWAY

    supply = bringing(film, goes_away)
    held = replace(probe(str(film), decoder), path=str(supply.path), supply=supply)
    with pytest.raises(StoreUnavailable, match="away"):
        numbers(held, decoder)


def test_a_mistake_of_the_supply_comes_out(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    supply = bringing(film, lambda _: {}["nothing"])
    held = replace(probe(str(film), decoder), path=str(supply.path), supply=supply)
    with pytest.raises(KeyError):
        numbers(held, decoder)


def test_waiting_for_bytes_does_not_use_up_the_childs_time(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    waits = iter([1.5] + [0] * 10_000)
    supply = bringing(film, lambda _: threading.Event().wait(next(waits)))
    whole = probe(str(film), decoder)
    held = replace(whole, path=str(supply.path), supply=supply)
    assert numbers(held, replace(decoder, timeout_seconds=1)) == numbers(whole, decoder)


def test_reading_what_is_here_uses_up_the_childs_time(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    """Else one that reads for ever would never be stopped."""
    supply = bringing(film, lambda _: threading.Event().wait(0.5))
    supply.was_missing = False
    held = replace(probe(str(film), decoder), path=str(supply.path), supply=supply)
    with pytest.raises(DecoderFailed, match="too long"):
        numbers(held, replace(decoder, timeout_seconds=1))


def test_a_child_that_is_slow_itself_runs_out_of_time(
    film: Path, bringing: Callable[..., Bringing], decoder: Decoder
) -> None:
    supply = bringing(film)
    held = replace(probe(str(film), decoder), path=str(supply.path), supply=supply)
    with pytest.raises(DecoderFailed, match="too long"):
        numbers(held, replace(decoder, timeout_seconds=0))


def test_a_child_that_is_held_can_be_ended(text: Path, bringing: Callable[..., Bringing]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(start: int) -> None:
        if start > 0:  # the first read is waited for when a child is started
            begun.set()
            assert go_on.wait(10)

    supply = bringing(text, slowly)
    with supply.path.open("rb") as file:
        reads = HeldReads(file.fileno(), supply, SHELL, NO_WALLS)
        arguments, shared = [SHELL, "-c", "cat"], {"stdin": file.fileno(), "starter": reads.starter}
        with start(arguments, NO_WALLS, {}, **shared) as child:  # type: ignore[arg-type]
            assert begun.wait(10)
            child.kill()
            assert child.wait(10) == -9
            go_on.set()
            reads.close()


def test_the_worker_reads_as_ever(text: Path, bringing: Callable[..., Bringing]) -> None:
    supply = bringing(text, lambda _: pytest.fail("a read of ours was held"))
    with (
        supply.path.open("rb") as file,
        HeldReads(file.fileno(), supply, SHELL, NO_WALLS),
    ):
        assert text.read_text().startswith("line 0")
        assert subprocess.check_output([SHELL, "-c", f"cat {text}"]) == text.read_bytes()
    assert supply.asked == []


def test_where_the_kernel_holds_no_reads_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "_MACHINES", {})
    assert not can_hold_reads.__wrapped__(choose(), NO_WALLS)
