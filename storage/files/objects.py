"""An S3-compatible object store, with its failures said in a sentence each.

It is the organisation's own, named in the settings; nothing here goes to an address that came from
a file, a page or a user.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from obstore.exceptions import (
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from errors import StoreUnavailable, WrongUsage

SCHEME = "s3"
_RETRIES = 4
_CONNECT_SECONDS = 5
_REFUSALS = (PermissionDeniedError, UnauthenticatedError)
_STATUS = re.compile(r"status code: (\d{3})")


@dataclass(frozen=True, slots=True)
class Account:
    """Which store, and who asks it."""

    endpoint: str
    """Its address; empty means Amazon's own."""
    region: str
    access_key: str = field(repr=False)
    """Empty means what the machine's own role allows, as Amazon's context find it."""
    secret_key: str = field(repr=False)
    timeout_seconds: float = 30
    """For one answer, and for all further tries together."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object lies, or, with a prefix for a key, many."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `s3://bucket/key`. Raises WrongUsage."""
        scheme, _, rest = url.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != SCHEME or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise WrongUsage("The address of an object must read s3://bucket/key; correct it.")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{SCHEME}://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the store says of an object."""

    key: str
    size_bytes: int
    modified_at: datetime
    tag: str
    """Another one when the object was replaced."""


class Bucket:
    """One bucket. Every call is tried again for a while where that may help.

    Raises StoreUnavailable for all that goes wrong, but FileNotFoundError for an object that is
    not there.
    """

    def __init__(self, account: Account, name: str) -> None:
        self.name = name
        self.endpoint = urlsplit(account.endpoint).netloc or "amazonaws.com"
        self._store = S3Store(name, **_options(account))

    def put(self, key: str, content: bytes) -> None:
        """Store an object; it is there whole or not at all."""
        with self._explained():
            self._store.put(key, content)

    def get(self, key: str) -> bytes:
        """A small object as a whole."""
        with self._explained():
            return self._store.get(key).bytes().to_bytes()

    def get_range(self, entry: Entry, start: int, end: int) -> bytes:
        """The bytes [start, end) of an object that is still the one of `entry`.

        Raises FileNotFoundError when it is another one by now.
        """
        with self._explained():
            found = self._store.get(
                entry.key, options={"range": (start, end), "if_match": entry.tag}
            )
            content = found.bytes().to_bytes()
            if found.meta["e_tag"] not in (None, entry.tag):  # of a store that heeds no If-Match
                raise FileNotFoundError
            return content

    def head(self, key: str) -> Entry:
        """What is known of an object."""
        with self._explained():
            return _entry(self._store.head(key))

    def list(self, prefix: str) -> Iterator[Entry]:
        """The objects beneath a prefix, which is empty or ends in a slash."""
        with self._explained():
            for chunk in self._store.list(prefix or None):
                yield from map(_entry, chunk)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there do no harm."""
        with self._explained():
            self._store.delete(keys)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PreconditionError as error:
            raise FileNotFoundError from error
        except (BaseError, FileNotFoundError) as error:
            if said := self._trouble(error):
                raise StoreUnavailable(said) from error
            raise

    def _trouble(self, error: Exception) -> str:
        """What an error means, in a sentence; empty for an object that is not there."""
        status = _STATUS.search(str(error))
        # obstore gives a refused listing no class of its own.
        if isinstance(error, _REFUSALS) or (status and status[1] in ("401", "403")):
            return (
                f"The object store at {self.endpoint} refuses our key for bucket {self.name}; "
                "check NIGHTREEL_S3_ACCESS_KEY, NIGHTREEL_S3_SECRET_KEY and the bucket's policy."
            )
        if "NoSuchBucket" in str(error):
            return (
                f"Bucket {self.name} does not exist at {self.endpoint}; "
                "create it, or correct its name."
            )
        if isinstance(error, FileNotFoundError):
            return ""
        reason = f"it says {status[1]}" if status else "no complete answer in time"
        return (
            f"The object store at {self.endpoint} failed the request ({reason}); check that it "
            "runs, then try again."
        )


def _options(account: Account) -> dict[str, Any]:
    """How obstore is told."""
    timeout = timedelta(seconds=account.timeout_seconds)
    options: dict[str, Any] = {
        "region": account.region,
        "virtual_hosted_style_request": not account.endpoint,
        "client_options": {
            "allow_http": account.endpoint.startswith("http://"),
            "timeout": timeout,
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
        },
        "retry_config": {"max_retries": _RETRIES, "retry_timeout": timeout},
    }
    if account.endpoint:
        options["endpoint"] = account.endpoint
    if account.access_key:
        options["access_key_id"] = account.access_key
        options["secret_access_key"] = account.secret_key
    return options


def _entry(meta: Mapping[str, Any]) -> Entry:
    return Entry(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or "")
