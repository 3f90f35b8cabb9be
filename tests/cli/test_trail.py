"""Every command that reads or changes what belongs to a case leaves a trace, and no name in it."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from command_line import TERMS
from painted import RED, Stay, paint, paint_photo
from sqlalchemy import Engine

from cli.main import app
from errors import NotAuthorised
from storage.access.audit import entries
from storage.access.chain import Entry, first_broken
from storage.database.database import reading
from worker.resources import resources

CASE = ("--case", "A-1")
WALK: list[tuple[str, str]] = [
    ("case open A-1 TERMS", "case_opened"),
    ("case list", "case_viewed"),
    ("case show A-1", "case_viewed"),
    ("case change A-1 --days 20", "case_changed"),
    ("case authorise A-1 --authorisation 7 --authorised-by Judge", "case_authorised"),
    ("ingest FILM --case A-1 --captured-at 2026-03-01", "recording_added"),
    ("enrol Jane PHOTO --case A-1 --category missing", "person_enrolled"),
    ("candidates --case A-1", "candidates_viewed"),
    ("changes --case A-1", "candidates_viewed"),
    ("search PHOTO --case A-1", "searched"),
    ("calibrations --case A-1", "case_viewed"),
    ("report --case A-1 -o OUT", "report_written"),
    ("export OUT --what candidates --case A-1", "exported"),
    ("jobs pause 1", "jobs_changed"),
    ("jobs resume 1", "jobs_changed"),
    ("jobs priority urgent 1", "jobs_changed"),
    ("jobs cancel 1", "jobs_changed"),
    ("jobs retry 1", "jobs_changed"),
    ("models migrate --to stub:3", "model_changed"),
    ("models compare stub stub:3", "candidates_viewed"),
    ("models threshold stub 0.5", "candidates_viewed"),
    ("models threshold stub 0.5 --reason strangers", "threshold_changed"),
    ("models use stub:3 --reason better --partly", "model_changed"),
    ("withdraw Jane --case A-1", "person_withdrawn"),
    ("case close A-1", "case_closed"),
    ("search PHOTO --case A-1", "refused"),
    ("enrol Jane PHOTO --case A-1", "refused"),
    ("candidates --case B-2", "refused"),
    ("purge --case A-1 --yes", "purged"),
    ("account add jane --role analyst", "account_created"),
    ("account roles jane --role reviewer", "account_changed"),
    ("account password jane", "password_changed"),
    ("account disable jane", "account_changed"),
    ("account enable jane", "account_changed"),
    ("audit list", "audit_viewed"),
    ("audit searches", "audit_viewed"),
    ("audit export -o LOG", "audit_exported"),
    ("backup BACKUP", "backed_up"),
]
ELSEWHERE = {
    "demo": "does what `process` does",
    "process": "opens a case, enrols, ingests and looks at candidates by the same steps",
    **dict.fromkeys(
        [f"groups {word}" for word in ("list", "make", "merge", "promote", "show", "split")],
        "tests of groups hold it",
    ),
    "calibrate": "tests of calibrating hold it",
    "import": "tests of importing hold it",
    "watch": "takes footage in by the same step as `ingest`",
    "restore": "writes into another archive's log: tests of restoring hold it",
    "token add": "tests of the API's tokens hold it",
    "token revoke": "tests of the API's tokens hold it",
}
NOTHING_OF_A_CASE = {
    "account list", "audit checkpoint", "audit verify", "bench", "case bases", "doctor",
    "jobs list", "jobs quarantined", "jobs show", "models index", "models list", "models omitted",
    "models pull", "notify", "refused", "service", "settings", "status", "token list", "up",
    "verify",
}  # fmt: skip


def commands(command: Any, *path: str) -> Iterator[str]:
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, *path, name)
    if not hasattr(command, "commands"):
        yield " ".join(path)


def test_of_every_command_it_is_known_what_trace_it_leaves() -> None:
    known = set(commands(app))
    walked = {name for name in known for line, _ in WALK if f"{line} ".startswith(f"{name} ")}
    assert known - walked == NOTHING_OF_A_CASE | set(ELSEWHERE)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A home for commands that run in this process."""
    monkeypatch.setenv("NIGHTREEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTREEL_ENGINE", "stub")
    resources.cache_clear()
    yield resources().database
    resources().database.dispose()
    resources.cache_clear()


def test_every_command_leaves_a_trace_and_no_name(home: Engine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    words = {
        "FILM": [str(paint(tmp_path / "gate.mp4", 1, Stay(RED, 0, 1)))],
        "PHOTO": [str(paint_photo(tmp_path / "jane.png", RED))],
        "OUT": [str(tmp_path / "out")],
        "BACKUP": [str(tmp_path / "backup")],
        "LOG": [str(tmp_path / "log.jsonl")],
        "TERMS": list(TERMS),
    }
    for line, action in WALK:
        before = len(log(home))
        asked = [word for part in line.split() for word in words.get(part, [part])]
        with pytest.raises(NotAuthorised) if action == "refused" else nullcontext():
            app(asked, standalone_mode=False)
        assert action in [one.action for one in log(home)[before:]], line
    written = log(home)
    assert first_broken(written, {}) is None
    said = " ".join(one.line for one in written).lower()
    assert not [
        name for name in ("jane", "judge", "officer", "a-1", "gate", ".png") if name in said
    ]


def log(home: Engine) -> list[Entry]:
    with reading(home) as session:
        return list(entries(session))


@pytest.mark.usefixtures("home")
def test_the_log_is_listed_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    app(["case", "list"], standalone_mode=False)
    capsys.readouterr()
    app(["audit", "list", "--json"], standalone_mode=False)
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["action"], entry["position"]) == ("case_viewed", 1)
    app(["audit", "verify", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == {"entries": 2, "checkpoints": 0, "broken": None}
