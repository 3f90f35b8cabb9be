"""Logs one JSON object per line, never the text of an exception, which may contain a file name."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def log_json_lines(level: int) -> None:
    """Log all records of this process from `level` up to stderr, structlog's and the standard
    library's."""
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_text,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_without_exception_texts)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # httpx logs full addresses at INFO, and an address may contain a secret.
    logging.getLogger("httpx").setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[*processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _without_exception_texts(record: logging.LogRecord) -> bool:
    """Replace exceptions in the arguments of a message by their types."""
    if isinstance(record.args, dict):  # Celery's message about a finished task
        kind = record.exc_info[0] if record.exc_info else None
        hidden = {"exc": kind.__name__ if kind else "", "traceback": "", "return_value": ""}
        record.args = {**record.args, **hidden}
    elif isinstance(record.args, tuple):
        record.args = tuple(map(_type_if_exception, record.args))
    return True


def _type_if_exception(value: object) -> object:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _exception_without_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    exc_info: Any = event.pop("exc_info", None)
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    elif exc_info and not isinstance(exc_info, tuple):
        exc_info = sys.exc_info()
    if exc_info and exc_info[0]:
        event["exception"] = exc_info[0].__name__
        event["trace"] = [
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(exc_info[2])
        ]
    return event
