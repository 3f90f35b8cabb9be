import json
import subprocess
import sys
from typing import Any


def lines_of(code: str) -> list[dict[str, Any]]:
    """What a process logs that runs `code` after it has set up its logs."""
    program = (
        "import logging, structlog\nfrom worker.logs import log_json_lines\n"
        f"log_json_lines(logging.INFO)\n{code}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_is_an_object_with_what_was_said() -> None:
    (line,) = lines_of("structlog.get_logger('ours').info('segment done', segment_id=7)")
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "segment done", "segment_id": 7, "level": "info", "logger": "ours"}


def test_lines_below_the_level_are_not_written() -> None:
    assert lines_of("structlog.get_logger().debug('detail')") == []


def test_an_exception_is_named_without_its_text() -> None:
    (line,) = lines_of(
        "try:\n    open('/footage/Jane Doe.mp4')\n"
        "except OSError as error:\n    logging.exception('failed: %r', error)"
    )
    assert line["event"] == "failed: 'FileNotFoundError'"
    assert line["exception"] == "FileNotFoundError"
    assert "Jane Doe" not in json.dumps(line)


def test_celerys_account_of_a_failed_task_holds_no_text_of_the_exception() -> None:
    (line,) = lines_of(
        "try:\n    open('/footage/Jane Doe.mp4')\n"
        "except OSError as error:\n"
        "    values = {'name': 'tasks.x', 'id': '1', 'exc': repr(error), 'traceback': str(error)}\n"
        "    logging.error('Task %(name)s[%(id)s] raised: %(exc)s', values, exc_info=True)"
    )
    assert line["event"] == "Task tasks.x[1] raised: FileNotFoundError"
    assert "Jane Doe" not in json.dumps(line)
