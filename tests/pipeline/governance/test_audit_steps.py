"""The log in a real database, altered by somebody who took its triggers away."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rows import NOW
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from errors import KeyMissing, WrongUsage
from pipeline.act import Caller
from pipeline.governance.audit import (
    examine,
    examine_file,
    exported,
    keep_checkpoint,
    read_checkpoints,
    sign,
    view,
    write_checkpoint,
)
from storage.access.audit import Action, record
from storage.access.checkpoints import checkpoints, public_half, signing_key
from storage.database.database import reading, writing

KEY = Ed25519PrivateKey.generate()
PUBLIC = public_half(KEY)
SCRIPT = Path(__file__).parents[3] / "deploy/audit_verifier.py"


def asking(database: Engine, now: datetime = NOW) -> Caller:
    return Caller(database, "account:3", now)


def filled(database: Engine, number: int = 12) -> None:
    with writing(database) as session:
        for each in range(number):
            record(
                session,
                actor="uid:7",
                action=Action.SEARCHED,
                objects={"person_ids": [each]},
                now=NOW + timedelta(seconds=each),
            )


def alter(database: Engine, *statements: str) -> None:
    """Whoever owns the database can take the triggers away."""
    with database.execution_options(writes=True).begin() as connection:
        if database.dialect.name == "postgresql":
            connection.execute(text("set local session_replication_role = replica"))
        else:
            for name in (
                "entry_no_update",
                "entry_no_delete",
                "entry_next",
                "checkpoint_no_update",
            ):
                connection.execute(text(f"drop trigger if exists audit_{name}"))
        for statement in statements:
            connection.execute(text(statement))


def test_a_log_is_whole_and_signed_again_only_when_it_has_grown(database: Engine) -> None:
    filled(database)
    first = sign(asking(database), KEY)
    assert sign(asking(database, NOW + timedelta(hours=1)), KEY) == first
    filled(database, 1)
    assert sign(asking(database, NOW + timedelta(hours=2)), KEY).count == 13
    found = examine(database, public_key=PUBLIC, also=[first])
    assert (found.entries, found.checkpoints, found.broken) == (13, 2, None)


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("update audit_entry set actor = 'uid:8' where id = 5", 5),
        ("update audit_entry set at = '2026-03-01 22:00:09' where id = 5", 5),
        ("delete from audit_entry where id = 5", 5),
        ("delete from audit_entry where id > 9", 10),
        ("update audit_checkpoint set count = 11", 12),
        ("update audit_checkpoint set hash = 'a'", 12),
    ],
)
def test_what_was_altered_is_named(database: Engine, statement: str, position: int) -> None:
    filled(database)
    sign(asking(database), KEY)
    alter(database, statement)
    found = examine(database, public_key=PUBLIC).broken
    assert found
    if "count = 11" in statement:
        position = 11
    assert found.position == position


def test_a_checkpoint_cannot_be_changed(database: Engine) -> None:
    filled(database)
    sign(asking(database), KEY)
    with pytest.raises(DBAPIError, match="never changed"), writing(database) as session:
        session.connection().execute(text("update audit_checkpoint set count = 1"))
    with reading(database) as session:
        assert checkpoints(session)[0].count == 12


def test_a_checkpoint_of_somebody_elses_is_refused(database: Engine) -> None:
    filled(database)
    forged = sign(asking(database), Ed25519PrivateKey.generate())
    with pytest.raises(WrongUsage, match="not signed with this key"):
        examine(database, public_key=PUBLIC, also=[forged])
    assert examine(database, public_key=PUBLIC).broken is not None


def test_an_export_is_checked_by_a_program_that_knows_nothing_of_ours(
    database: Engine, tmp_path: Path
) -> None:
    filled(database)
    log, signed = tmp_path / "log.jsonl", tmp_path / "checkpoint.json"
    lines = list(exported(asking(database)))
    log.write_text("".join(lines))
    write_checkpoint(signed, sign(asking(database), KEY))
    assert json.loads(lines[-1])["action"] == "audit_exported"
    given = read_checkpoints([signed])
    assert examine_file(log, public_key=PUBLIC, also=given).broken is None

    asked = [sys.executable, "-I", SCRIPT, log, "--checkpoint", signed, "--public-key", PUBLIC]
    whole = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (whole.returncode, whole.stdout[:20]) == (0, "13 entries verified;")
    log.write_text("".join(lines[:-1]))
    cut = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (cut.returncode, cut.stderr) == (
        1,
        "Line 13 is bad: it is missing, a checkpoint counted 13.\n",
    )
    signed.write_text(signed.read_text().replace('"count": 13', '"count": 12'))
    assert subprocess.run(asked, capture_output=True, check=False).returncode == 1


def test_looking_at_the_log_is_an_entry_too(database: Engine) -> None:
    filled(database)
    seen = view(asking(database), after=10)
    assert [one.position for one in seen] == [11, 12]
    assert view(asking(database))[-1].action == "audit_viewed"


def test_the_signing_key_is_made_once_for_its_owner_alone(database: Engine, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "audit.key"
    first = public_half(signing_key(database, file))
    assert public_half(signing_key(database, file)) == first
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(random.Random(1).randbytes(31))
    with pytest.raises(WrongUsage, match="NIGHTREEL_AUDIT_KEY_FILE"):
        signing_key(database, file)


def test_no_signing_key_is_made_beside_what_another_signed(
    database: Engine, tmp_path: Path
) -> None:
    sign(asking(database), signing_key(database, tmp_path / "audit.key"))
    with pytest.raises(KeyMissing, match=r"moved\.key is missing.*NIGHTREEL_AUDIT_KEY_FILE"):
        signing_key(database, tmp_path / "moved.key")
    assert not (tmp_path / "moved.key").exists()


def test_checkpoints_from_before_a_restore_stay_beside_those_after_it(
    database: Engine, tmp_path: Path
) -> None:
    filled(database, 2)
    before = sign(asking(database), KEY)
    after = replace(before, hash="f" * 64)
    first, second = (keep_checkpoint(tmp_path, one) for one in (before, after))
    assert first == keep_checkpoint(tmp_path, before) != second
    assert read_checkpoints([first, second]) == [before, after]


def test_files_that_are_no_checkpoints_are_refused(tmp_path: Path) -> None:
    for number, body in enumerate(["", "[]", "{}", '{"count": 1}']):
        file = tmp_path / f"{number}.json"
        file.write_text(body)
        with pytest.raises(WrongUsage, match="something else"):
            read_checkpoints([file])
