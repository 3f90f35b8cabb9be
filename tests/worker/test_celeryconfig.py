import json
import os
import subprocess
import sys
from pathlib import Path


def run(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process with some settings."""
    environment = {name: value for name, value in os.environ.items() if "NIGHTREEL" not in name}
    environment |= {f"NIGHTREEL_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_a_time_limit_as_long_as_the_visibility_timeout_is_refused() -> None:
    done = run("import celeryconfig", time_limit_seconds="1800", visibility_timeout_seconds="1800")
    assert done.returncode == 1
    assert "NIGHTREEL_VISIBILITY_TIMEOUT_SECONDS cannot be used" in done.stderr


def test_the_visibility_timeout_is_the_same_in_all_places() -> None:
    done = run(
        "from celeryconfig import *; print([visibility_timeout,"
        " broker_transport_options['visibility_timeout'],"
        " result_backend_transport_options['visibility_timeout'],"
        " task_time_limit, task_soft_time_limit])",
        visibility_timeout_seconds="4000",
        time_limit_seconds="2000",
    )
    assert json.loads(done.stdout) == [4000, 4000, 4000, 2000, 1500]


def test_the_broker_is_the_one_of_the_settings_else_the_running_stack(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text(
        '{"broker_url": "redis+socket://:a@/run/redis.sock"}'
    )
    code = "import celeryconfig; print(celeryconfig.broker_url)"
    assert run(code, home=str(tmp_path)).stdout == "redis+socket://:a@/run/redis.sock\n"
    given = run(code, home=str(tmp_path), broker_url="amqp://elsewhere")
    assert given.stdout == "amqp://elsewhere\n"


def test_sending_where_nothing_runs_fails_at_once(tmp_path: Path) -> None:
    done = run(
        "from worker.app import app; app.send_task('tasks.upkeep.tend_ledger')", home=str(tmp_path)
    )
    assert done.returncode == 1
    assert "kombu.exceptions.OperationalError" in done.stderr


def test_where_nothing_runs_no_other_programs_redis_is_sent_to(tmp_path: Path) -> None:
    done = run(
        "from worker.app import app; app.send_task('tasks.upkeep.tend_ledger')", home=str(tmp_path)
    )
    assert "/dev/null/nothing-runs" in done.stderr
    assert ":6379" not in done.stderr


def test_upkeep_does_not_wait_behind_segments(tmp_path: Path) -> None:
    done = run(
        "from worker.app import app; route = app.amqp.router.route;"
        "print([route({}, name)['queue'].name"
        " for name in ('tasks.segments.analyse_segment', 'tasks.upkeep.tend_ledger')])",
        home=str(tmp_path),
    )
    assert done.stdout == "['nightreel', 'upkeep']\n"


def test_a_queue_is_not_called_stale_for_one_lost_canary() -> None:
    done = run("import celeryconfig", stale_seconds="119")
    assert done.returncode == 1
    assert "NIGHTREEL_STALE_SECONDS cannot be used" in done.stderr
