"""Delivers notifications as JSON: to a command on its input, or to a web address by POST."""

import json
import os
import signal
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from errors import NotDelivered, WrongUsage

TIME_LIMIT_SECONDS = 15


def deliver(target: str, body: Mapping[str, Any], *, show_output: bool = False) -> str:
    """Deliver a notification; returns the outcome in a few words.

    These words and the errors never contain `target`, because an address may contain a secret.
    Raises NotDelivered, and WrongUsage as `check_target`.
    """
    check_target(target)
    text = json.dumps(body).encode() + b"\n"
    return _post(target, text) if _is_address(target) else _run(target, text, show_output)


def check_target(target: str) -> str:
    """Describe `target` in a few words. Raises WrongUsage if it cannot be used."""
    if _is_address(target):
        host = urlsplit(target).hostname
        if not host:
            raise WrongUsage("NIGHTREEL_NOTIFY is a web address without a host; correct it.")
        return f"a web address at {host}"
    command = Path(target)
    if not command.is_absolute():
        raise WrongUsage(
            "NIGHTREEL_NOTIFY must be the absolute path of a command, or an address beginning "
            "with http:// or https://."
        )
    if not command.is_file() or not os.access(command, os.X_OK):
        raise WrongUsage("NIGHTREEL_NOTIFY is not an executable file; check its path.")
    return f"the command {command}"


def _is_address(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def _run(command: str, text: bytes, show_output: bool) -> str:
    output = None if show_output else subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # its child processes are killed with it
        )
    except OSError as error:
        raise NotDelivered(f"The command could not be started ({error.strerror}).") from error
    try:
        process.communicate(text, timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotDelivered(f"The command did not finish within {TIME_LIMIT_SECONDS} s.") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise NotDelivered(f"The command exited with {process.returncode}.")
    return "the command exited with 0"


def _post(address: str, text: bytes) -> str:
    """Redirects are not followed: a notification goes to the configured address and no other."""
    try:
        with httpx.stream(  # `post` would wait for the whole response body, which is not needed
            "POST",
            address,
            content=text,
            headers={"Content-Type": "application/json", "User-Agent": "nightreel"},
            timeout=TIME_LIMIT_SECONDS,
            verify=ssl.create_default_context(),  # the system's authorities, not certifi's
        ) as response:
            outcome = f"the web address answered {response.status_code}"
            failed = not response.is_success
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotDelivered(
            f"The web address could not be reached ({type(error).__name__})."
        ) from None
    if failed:
        raise NotDelivered(f"{outcome.capitalize()}.")
    return outcome
