"""Every kind of hostile file gets its verdict, reads nothing else and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.hostile.kind import Base, Kind, Verdict, draw_base
from bench.hostile.pack import kinds
from bench.hostile.trial import try_kind
from settings import Settings
from worker.resources import Resources


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def base(work: Path) -> Base:
    (work / "drawn").mkdir()
    return draw_base(work / "drawn")


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    made = Resources(Settings(home=tmp_path_factory.mktemp("home"), engine="stub"))
    yield made
    made.database.dispose()


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_hostile_file_gets_a_verdict_and_does_no_harm(
    kind: Kind,
    base: Base,
    resources: Resources,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("kind") / "hostile"
    folder.mkdir()
    monkeypatch.chdir(folder.parent)
    before = base.secret.read_bytes()

    trial = try_kind(kind, base, resources.context, folder)

    assert trial.verdict in kind.expected, trial.said
    assert not trial.harm
    assert trial.seconds < 30 and trial.decoder_mb < 600
    assert base.secret.read_bytes() == before


def test_there_are_forty_kinds_and_more_each_with_a_name_of_its_own() -> None:
    names = [kind.name for kind in kinds()]

    assert len(names) >= 40
    assert len(names) == len(set(names))


def test_an_honest_recording_beside_them_is_watched(
    base: Base, resources: Resources, tmp_path: Path
) -> None:
    """After all of them, over the same database and in the same process."""
    folder = tmp_path / "honest"
    folder.mkdir()
    honest = Kind("honest", lambda *_: _written(folder / "a.mkv", base.mkv), frozenset())

    trial = try_kind(honest, base, resources.context, folder)

    assert (trial.verdict, trial.harm) == (Verdict.WATCHED, ())


def test_the_secret_would_be_noticed(base: Base, resources: Resources, tmp_path: Path) -> None:
    folder = tmp_path / "leak"
    folder.mkdir()
    leak = Kind(
        "leak", lambda *_: _written(folder / "a.mp4", base.secret.read_bytes()), frozenset()
    )

    assert try_kind(leak, base, resources.context, folder).harm == ("another file was seen",)


def _written(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path
