"""Every setting, from the environment with the prefix `NIGHTREEL_`, else from `nightreel.toml` in
the home folder.

Only entrances (cli, celeryconfig, worker.resources) read them.
"""

import os
import re
import shutil
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from errors import WrongUsage
from settings_file import PathText, SettingsFile, whole_path

PREFIX = "NIGHTREEL_"
WORK_QUEUE = "nightreel"
SITE_NAME = r"[a-z0-9][a-z0-9-]{0,31}"
DEFAULT_SITE = "default"
"""Site of footage for which no other site is given."""
BROKERS = ("redis://", "rediss://", "redis+socket://", "amqp://", "amqps://")
"""How a broker's address must begin; these brokers were tried."""


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _available_cores() -> int:
    return len(os.sched_getaffinity(0))


class Settings(BaseSettings):
    """All settings, frozen. Raises pydantic's ValidationError for a value out of range."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    home: Path = Field(default=Path("~/.local/share/nightreel"), validate_default=True)
    """Folder for the settings file, the database, crops, the queue's files and logs."""
    database_url: str = ""
    """SQLAlchemy address of the database; empty means SQLite inside the home folder."""
    key_file: PathText = ""
    """File with the archive's master key, the same on every machine; empty means that one is
    created and kept in the home folder."""
    broker_url: str = ""
    """Address of Redis or RabbitMQ; empty means the embedded Redis of `nightreel up`."""
    media_url: str = ""
    """Where crops are stored: `s3://bucket/prefix`; empty means a folder in the home folder."""
    s3_endpoint: str = ""
    """Address of the object store; empty means Amazon's."""
    s3_region: str = "us-east-1"
    """Region of the object store's buckets."""
    s3_access_key: SecretStr = SecretStr("")
    """Access key for the object store; empty means the machine's own role."""
    s3_secret_key: SecretStr = SecretStr("")
    """Secret that belongs to the access key."""
    footage_buckets: str = ""
    """Buckets of the object store that footage may be read from, separated by commas; empty means
    none."""
    footage_cache_mb: int = Field(default=50_000, ge=1)
    """Most disk space for footage that is fetched from the object store, megabytes."""
    footage_by_range: bool = True
    """Fetch only the parts of a recording that are read, where this machine can hold ffmpeg's
    reads."""
    engine: str = "dlib"
    """`dlib`, or `deepface:<MODEL>+<DETECTOR>`; see `nightreel models list`."""
    mode: Literal["interval", "keyframes"] = "interval"
    """`interval` samples one frame every `interval_ms`; `keyframes` samples keyframes only, which
    is much cheaper."""
    interval_ms: int = Field(default=500, ge=40, le=60_000)
    """Milliseconds between sampled frames."""
    min_face_px: int = Field(default=80, ge=20, le=400)
    """Smallest face to detect, pixels; half the size costs four times the work."""
    max_side_px: int = Field(default=1920, ge=320, le=7680)
    """Pictures with a longer side are scaled down to this size while decoding."""
    workers: int = Field(default_factory=_available_cores, ge=1, le=256)
    """Worker processes of the embedded stack; on a CPU, one per core is right."""
    sites: str = DEFAULT_SITE
    """Sites whose footage these workers can reach, separated by commas."""
    worker_memory_mb: int = Field(default=4096, ge=512)
    """A worker process that has ever used more is replaced when its task has ended."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the networks run; `auto` uses a GPU if there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto` uses bfloat16 where the processor computes in it, float32 elsewhere."""
    bystander_days: int = Field(default=90, ge=0, le=36_500)
    """Appearances that are no one's candidates are deleted after this many days, unless the
    recording is footage of a case in force; 0 keeps them as long as the recording."""
    purge_days: int = Field(default=0, ge=0, le=36_500)
    """A case is purged automatically this many days after its end; 0 means only by hand."""
    window: str = ""
    """When footage is processed, e.g. `20:00-06:30`; empty means always."""
    time_zone: str = ""
    """IANA time zone of the windows; empty means the machine's."""
    watch_folder: PathText = ""
    """Folder whose new files are added; empty means none."""
    settle_seconds: int = Field(default=10, ge=1, le=3600)
    """A file in the watched folder is added once it has not changed for this long."""
    monitor_port: int = Field(default=9555, ge=1024, le=65535)
    """Loopback port of the metrics and the health page."""
    canary_seconds: int = Field(default=60, ge=5, le=3600)
    """Seconds between canaries: tasks whose only use is to show that their queue is served."""
    stale_seconds: int = Field(default=300, ge=10, validate_default=True)
    """A queue that has shown no sign of life for this long is reported."""
    notify: str = ""
    """Command or web address to notify when a night ends or needs help; empty means none."""
    web_port: int = Field(default=8555, ge=1024, le=65535)
    """Loopback port of the web pages."""
    web_url: str = ""
    """Address at which people reach the web pages, e.g. `https://nightreel.example.org`; empty
    means the loopback port."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses or CIDR networks of the proxies whose X-Forwarded-For is trusted, separated by
    commas."""
    oidc_issuer: str = ""
    """Address of an OpenID Connect provider that people may log in with; empty means none."""
    oidc_client_id: str = ""
    """Client id of the web pages at the provider."""
    oidc_client_secret: SecretStr = SecretStr("")
    """Client secret of the web pages at the provider."""
    oidc_roles_claim: str = "roles"
    """Claim that holds a user's roles."""
    oidc_roles: str = ""
    """Which role each value of the claim means, e.g. `investigators=analyst, it-ops=operator`;
    empty means that the values are the names of the roles."""
    upload_max_gb: int = Field(default=64, ge=1, le=100_000)
    """Largest file that can be uploaded on the page, gigabytes."""
    web_idle_minutes: int = Field(default=30, ge=1, le=1440)
    """A browser that was not used for this long is logged out."""
    web_session_hours: int = Field(default=12, ge=1, le=168)
    """Longest time for which a user stays logged in."""
    review_least_quality: float = Field(default=0.3, ge=0, le=1)
    """Candidates with lower image quality are supported only with a supervisor's written reason."""
    review_least_face_px: int = Field(default=48, ge=0, le=1000)
    """The same for the shorter side of a candidate's face, pixels."""
    review_by_requester: bool = False
    """Whether the user who enrolled a person may also decide on that person's candidates."""
    flower_port: int = Field(default=5555, ge=1024, le=65535)
    """Loopback port of Flower."""
    flower_user: str = "nightreel"
    """User name for Flower."""
    flower_password: SecretStr = SecretStr("")
    """Password for Flower; empty means that one is created and kept in the home folder."""
    ffmpeg: PathText = ""
    """Path of the ffmpeg to use; empty means the best one found."""
    decoder_memory_mb: int = Field(default=896, ge=256)
    """Memory limit of one decoding process, megabytes."""
    decoder_timeout_seconds: int = Field(default=600, ge=10)
    """Wall-clock limit of one decoding process for one segment."""
    sandbox: Literal["auto", "require", "off"] = "auto"
    """Sandbox the decoder as far as the machine allows; `require` refuses to decode where the
    machine allows no namespaces."""
    max_pixels: int = Field(default=40_000_000, ge=1_000_000)
    """Pictures with more pixels than this are rejected."""
    legal_bases: str = ""
    """Legal bases of cases: `code=sentence; code!=sentence`; empty means the built-in list."""
    audit_key_file: PathText = ""
    """File with the key that signs checkpoints of the audit log; empty means one in the home
    folder."""
    checkpoint_folder: PathText = ""
    """Folder to which the hourly checkpoints are also written; empty means none."""
    case_max_days: int = Field(default=90, ge=1, le=3650)
    """Longest validity of a case."""
    lease_seconds: int = Field(default=60, ge=5)
    """A segment whose worker has been silent for this long is given to another worker."""
    time_limit_seconds: int = Field(default=1200, ge=60)
    """A task that runs for longer is killed; at three quarters of this time it is told to end."""
    visibility_timeout_seconds: int = Field(default=1800, ge=60, validate_default=True)
    """A task not finished by then is delivered again; must be longer than the time limit."""
    stop_seconds: int = Field(default=20, ge=1, le=3600)
    """How long a stopping worker continues its tasks before it releases them."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much the workers write to their logs."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - there is one file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Sources by priority: arguments, environment, then the file of the resulting home folder.

        Raises WrongUsage as `SettingsFile`.
        """
        file = _file_below({**env_settings(), **init_settings()}, settings_cls)
        return init_settings, env_settings, *([file] if file else [])

    @field_validator("home", mode="before")
    @classmethod
    def _is_whole(cls, home: str | Path) -> str:
        return whole_path(str(home))

    @field_validator("ffmpeg", mode="before")
    @classmethod
    def _is_found_on_the_path(cls, name: str) -> str:
        return (shutil.which(name) or name) if "/" not in str(name) else name

    @field_validator("database_url")
    @classmethod
    def _is_the_same_in_every_folder(cls, url: str) -> str:
        if re.match(r"sqlite(\+\w+)?:(?!////)", url):
            raise ValueError("must have an absolute path, like sqlite:////srv/nightreel.db")
        return url

    @field_validator("broker_url")
    @classmethod
    def _is_a_known_broker(cls, url: str) -> str:
        if url and not url.startswith(BROKERS):
            raise ValueError(f"must begin with one of {', '.join(BROKERS)}")
        return url

    @field_validator("sites")
    @classmethod
    def _is_a_list_of_names(cls, names: str) -> str:
        if not all(re.fullmatch(SITE_NAME, name) for name in _listed(names)) or not names.strip():
            raise ValueError(
                "must be names of lower-case letters, digits and dashes, separated by commas"
            )
        return names

    @field_validator("media_url")
    @classmethod
    def _is_in_a_bucket(cls, url: str) -> str:
        if url and not url.startswith("s3://"):
            raise ValueError("must read s3://bucket/prefix")
        return url

    @field_validator("s3_endpoint")
    @classmethod
    def _is_a_web_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// or http://")
        return url

    @field_validator("web_url")
    @classmethod
    def _is_a_site(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", url):
            raise ValueError("must be like https://nightreel.example.org, without a path")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: str) -> str:
        for proxy in _listed(proxies):
            try:
                is_unusable = ip_network(proxy).prefixlen == 0
            except ValueError:
                is_unusable = True
            if is_unusable:  # if all were trusted, every client could choose its own address
                raise ValueError(
                    "must be addresses or networks such as 172.30.0.5 or 10.1.0.0/16, "
                    "separated by commas"
                )
        return proxies

    @field_validator("visibility_timeout_seconds")
    @classmethod
    def _outlasts_every_task(cls, seconds: int, info: ValidationInfo) -> int:
        if seconds <= info.data.get("time_limit_seconds", 0):
            raise ValueError("must be longer than the time limit")
        return seconds

    @field_validator("stale_seconds")
    @classmethod
    def _outlasts_a_lost_canary(cls, seconds: int, info: ValidationInfo) -> int:
        if seconds < 2 * info.data.get("canary_seconds", 0):
            raise ValueError("must be at least twice NIGHTREEL_CANARY_SECONDS")
        return seconds

    @property
    def texts(self) -> dict[str, str]:
        """Each value by name, as it would be written in the environment; secrets in plain text."""
        return {name: _text(value) for name, value in self}

    @property
    def site_names(self) -> tuple[str, ...]:
        """`sites` as a tuple."""
        return _listed(self.sites)

    @property
    def footage_bucket_names(self) -> tuple[str, ...]:
        """`footage_buckets` as a tuple."""
        return _listed(self.footage_buckets)

    @property
    def trusted_proxy_list(self) -> list[str]:
        """`trusted_proxies` as a list."""
        return list(_listed(self.trusted_proxies))

    @property
    def home_folder(self) -> Path:
        """`home`, which is absolute."""
        return self.home

    @property
    def watch_path(self) -> Path | None:
        """`watch_folder`, which is absolute; None if it is not set."""
        return Path(self.watch_folder) if self.watch_folder else None

    @property
    def effective_web_url(self) -> str:
        """`web_url`, or the loopback port."""
        return self.web_url or f"http://127.0.0.1:{self.web_port}"

    @property
    def effective_audit_key_file(self) -> Path:
        """`audit_key_file`, or the one in the home folder."""
        default = self.home_folder / "keys" / "audit.key"
        return Path(self.audit_key_file) if self.audit_key_file else default

    @property
    def effective_key_file(self) -> Path:
        """`key_file`, or the one in the home folder."""
        return Path(self.key_file) if self.key_file else self.home_folder / "keys" / "master.key"

    @property
    def effective_database_url(self) -> str:
        """`database_url`, or the SQLite file in the home folder."""
        return self.database_url or f"sqlite:///{self.home_folder / 'nightreel.db'}"


def work_queue_of(site: str) -> str:
    """Name of the queue for the segments of a site's footage."""
    return WORK_QUEUE if site == DEFAULT_SITE else f"{WORK_QUEUE}.{site}"


def load_settings() -> Settings:
    """Read the environment and the settings file.

    Raises WrongUsage as `SettingsFile`, and when a value is out of range; the message names the
    variable, or the file and the key.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        why = first["msg"].removeprefix("Value error, ")
        where = _where(str(first["loc"][0]))
        raise WrongUsage(f"{where} cannot be used: {why[:1].lower()}{why[1:]}.") from None


class Given(NamedTuple):
    """Settings by name, as written and not validated."""

    environment: Mapping[str, Any]
    file: Mapping[str, Any]
    """Empty if there is no file, or if the environment gives every setting."""


def given() -> Given:
    """What the environment and the settings file give. Raises WrongUsage as `SettingsFile`."""
    environment = EnvSettingsSource(Settings)()
    file = _file_below(environment, Settings)
    return Given(environment, file() if file else {})


def _file_below(
    others: Mapping[str, Any], settings_class: type[BaseSettings]
) -> SettingsFile | None:
    """The settings file; None if the other sources give every setting. Services keep the settings
    they were started with, even if the file changes meanwhile."""
    fields = settings_class.model_fields
    if others.keys() >= fields.keys():
        return None
    try:
        home = whole_path(str(others.get("home", fields["home"].default)))
    except ValueError:  # the validation of `home` reports it
        return None
    return SettingsFile(settings_class, Path(home))


def _where(name: str) -> str:
    """Where an unusable setting comes from, for the message."""
    environment = EnvSettingsSource(Settings)()
    file = _file_below(environment, Settings)
    if file and name in file() and name not in environment:
        return f"{name} in {file.path}"
    return f"{'' if name in environment else 'The default of '}{PREFIX}{name.upper()}"
