"""An S3-compatible object store, with one sentence for each kind of failure.

It is the organisation's own, named in the settings; no request goes to an address from a file, a
page or a user.
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
    """The store's endpoint and credentials."""

    endpoint: str
    """Its URL; empty means Amazon's own."""
    region: str
    access_key: str = field(repr=False)
    """Empty means the credentials of the machine's own role, found as Amazon's tools do."""
    secret_key: str = field(repr=False)
    timeout_seconds: float = 30
    """For one answer, and for all retries together."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an object or, with a prefix as the key, of many."""

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
    """The store's description of an object."""

    key: str
    size_bytes: int
    modified_at: datetime
    tag: str
    """The ETag; it changes when the object is replaced."""


class Bucket:
    """One bucket. Every call is retried for a while if that may help.

    Raises FileNotFoundError for an object that does not exist, and StoreUnavailable for every
    other failure.
    """

    def __init__(self, account: Account, name: str) -> None:
        self.name = name
        self.endpoint = urlsplit(account.endpoint).netloc or "amazonaws.com"
        self._store = S3Store(name, **_options(account))

    def put(self, key: str, content: bytes) -> None:
        """Store an object, completely or not at all."""
        with self._explained():
            self._store.put(key, content)

    def get(self, key: str) -> bytes:
        """The content of a small object."""
        with self._explained():
            return self._store.get(key).bytes().to_bytes()

    def get_range(self, entry: Entry, start: int, end: int) -> bytes:
        """The bytes [start, end) of the object of `entry`.

        Raises FileNotFoundError if it has been replaced.
        """
        with self._explained():
            answer = self._store.get(
                entry.key, options={"range": (start, end), "if_match": entry.tag}
            )
            content = answer.bytes().to_bytes()
            if answer.meta["e_tag"] not in (None, entry.tag):  # some stores ignore If-Match
                raise FileNotFoundError
            return content

    def head(self, key: str) -> Entry:
        """The entry of an object."""
        with self._explained():
            return _entry(self._store.head(key))

    def list(self, prefix: str) -> Iterator[Entry]:
        """The objects under a prefix, which is empty or ends in a slash."""
        with self._explained():
            for chunk in self._store.list(prefix or None):
                yield from map(_entry, chunk)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; keys that do not exist are ignored."""
        with self._explained():
            self._store.delete(keys)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PreconditionError as error:
            raise FileNotFoundError from error
        except (BaseError, FileNotFoundError) as error:
            if sentence := self._trouble(error):
                raise StoreUnavailable(sentence) from error
            raise

    def _trouble(self, error: Exception) -> str:
        """An error as a sentence; empty for an object that does not exist."""
        status = _STATUS.search(str(error))
        # obstore has no class of its own for a refused listing.
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
    """The options of obstore's S3Store."""
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
