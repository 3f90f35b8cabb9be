"""Whatever happens in a watched folder, in whatever order: in the end everything is as it should.

The files are real; what would read them as footage is not, so that many orders can be tried.
"""

import hashlib
import os
import shutil
import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import found
from sealing import sealed

from errors import UnreadableFootage
from faces.engines.stub import StubEngine
from footage.guards import Decoder
from pipeline.context import Context
from pipeline.intake.intake import WatchedFolder
from pipeline.plan import Plan
from storage.database.database import Engine, connect, reading
from storage.jobs import refusals
from storage.jobs.places import place_of, places_of_sizes
from storage.jobs.recordings import Found

names = st.sampled_from("abc")
contents = st.sampled_from([b"whole 1", b"whole 2", b"a part."])  # all of one size
happenings = st.one_of(
    st.tuples(st.just("write"), names, contents),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("copy"), names, names),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("look"), st.just(3)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("settle")),  # twice as often
    st.tuples(st.just("restart")),
)


class World:
    """A folder, a database, and a process that watches."""

    def __init__(self, home: Path, model: Path, plan: Plan, decoder: Decoder) -> None:
        self.folder, self.plan, self.now, self.reads = home / "in", plan, 0, 0
        self.folder.mkdir()
        self.times = count(1_700_000_000)
        self.database: Engine = connect(f"sqlite:///{shutil.copy(model, home / 'nightreel.db')}")
        self.context = Context(
            database=self.database,
            media=sealed(home / "media", self.database),
            decoder=decoder,
            engine_for=lambda plan: StubEngine(plan.min_face_px),
            lease_seconds=60,
        )
        self.restart()

    def restart(self) -> None:
        self.watched = WatchedFolder(
            self.folder, context=self.context, plan=self.plan, settle_seconds=10
        )

    def look(self, after_seconds: int) -> None:
        self.now += after_seconds
        list(self.watched.look(self.now))

    def settle(self) -> None:
        """Long enough for what another look is needed for, too."""
        for _ in range(3):
            self.look(10)

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)
        os.utime(self.folder / name, (0, next(self.times)))  # the disk's own clock is too coarse

    def rename(self, name: str, other: str) -> None:
        if (self.folder / name).exists():
            (self.folder / name).rename(self.folder / other)

    def copy(self, name: str, other: str) -> None:
        if (self.folder / name).exists() and name != other:
            shutil.copy2(self.folder / name, self.folder / other)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def read_footage(self, path: Path, _: Decoder) -> Found:
        """In place of ffmpeg."""
        self.reads += 1
        content = path.read_bytes()
        if not content.startswith(b"whole"):
            raise UnreadableFootage("This is no footage.")
        read = found(hashlib.sha256(content).hexdigest(), str(path), size_bytes=len(content))
        return Found(read.sha256, read.name, path.stat().st_mtime_ns, read.recording)

    @property
    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.folder.iterdir()}


@given(st.lists(happenings, max_size=25))
@settings(max_examples=60)
def test_in_any_order_all_that_is_whole_is_taken_and_all_else_is_listed(
    sqlite_model: Path, plan: Plan, decoder: Decoder, happened: list[tuple[str, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        world = World(Path(home), sqlite_model, plan, decoder)
        patch.setattr("pipeline.intake.intake.read_footage", world.read_footage)
        for what, *details in happened:
            getattr(world, what)(*details)
        world.settle()
        check(world)

        reads = world.reads
        world.restart()
        world.settle()
        assert world.reads == reads or away(world)
        world.database.dispose()


def away(world: World) -> bool:
    """Whether a recording is not where it was: a copy may be of that one, so it is read again."""
    with reading(world.database) as session:
        places = places_of_sizes(session, {len(b"whole 1")})
    there = {(str(path), path.stat().st_mtime_ns) for path in world.folder.iterdir()}
    return not there.issuperset((place.path, place.modified_ns) for place in places)


def check(world: World) -> None:
    files = world.files
    with reading(world.database) as session:
        refused = {one.path for one in refusals.all_refusals(session)}
        for path, content in files.items():
            place = place_of(session, hashlib.sha256(content).hexdigest())
            if content.startswith(b"whole"):
                assert place is not None
                assert files.get(place.path) == content
                assert (path == place.path) != (path in refused)
            else:
                assert place is None
                assert path in refused
    assert not files or refused <= set(files)
