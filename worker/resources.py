"""The resources that steps need, made from the settings on demand and once per process."""

import atexit
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from errors import KeyMissing, StoreUnavailable, WrongDatabase
from faces.adjusted import adjusted
from faces.engine import FaceEngine
from footage.executables import choose
from footage.guards import Decoder
from footage.remote.disk_cache import DiskCache
from footage.remote.held_reads import can_hold_reads
from footage.sandbox.sandbox import choose_walls
from pipeline.context import Context
from pipeline.governance.purge import Retention
from pipeline.plan import Plan
from pipeline.planning.windows import Windows
from settings import Settings, load_settings
from storage.cases.legal_bases import Policy, parse_bases
from storage.database.database import Engine, connect, reading, upgrade
from storage.database.snapshots import file_of
from storage.files.footage_store import FootageStore
from storage.files.keys import Keyring, lost_master, master_key
from storage.files.media import Media
from storage.files.media_bucket import MediaBucket
from storage.files.media_folder import MediaFolder
from storage.files.objects import Account, Address, Bucket
from storage.files.sealed import SealedMedia
from storage.vectors.models import in_use
from storage.vectors.thresholds import threshold_in_use
from worker import registry

PHOTO_MIN_FACE_PX = 40


@dataclass(frozen=True)
class Resources:
    """All resources, made on demand: listing models opens no database, help opens nothing."""

    settings: Settings

    @cached_property
    def database(self) -> Engine:
        """The database, upgraded to the newest version.

        Raises WrongDatabase for a database of an unknown version, or if its file is missing but its
        pictures exist; WrongUsage for another master key; KeyMissing; StoreUnavailable.
        """
        self.make_home()
        self._refuse_lost_database()
        database = connect(self.settings.effective_database_url)
        upgrade(database, lambda: self._master_key(database))
        return database

    def _refuse_lost_database(self) -> None:
        # A new database would refer to no picture, and the hourly sweep would remove all of them.
        file, media = file_of(self.settings.effective_database_url), self._media_folder
        if file and not file.exists() and media.is_dir() and any(media.iterdir()):
            raise WrongDatabase(
                f"The database {file} is missing, and the pictures that it refers to are in "
                f"{media}; restore a backup, or move that folder away to begin a new archive."
            )

    @cached_property
    def media(self) -> SealedMedia:
        """The store of crops, encrypted. Raises KeyMissing, WrongUsage, StoreUnavailable."""
        self.make_home()
        return SealedMedia(self.pictures, Keyring(self.database, self._master_key(self.database)))

    def check_key(self) -> None:
        """Check now, not in each worker, that the master key exists. Raises KeyMissing."""
        self._master_key(self.database)

    def _master_key(self, database: Engine) -> bytes:
        return master_key(database, self.settings.effective_key_file)

    @property
    def _media_folder(self) -> Path:
        return self.settings.home_folder / "media"

    @property
    def pictures(self) -> Media:
        """The store of crops without decryption: files in a folder or objects in a bucket."""
        if not self.settings.media_url:
            return MediaFolder(self._media_folder)
        address = Address.parse(self.settings.media_url)
        prefix = address.key.strip("/")
        return MediaBucket(self.bucket(address.bucket), prefix and f"{prefix}/")

    @cached_property
    def footage_store(self) -> FootageStore | None:
        """Footage in the object store; None if no bucket is configured."""
        names = self.settings.footage_bucket_names
        if not names:
            return None
        cache = DiskCache(
            self.settings.home_folder / "footage-cache", self.settings.footage_cache_mb << 20
        )
        by_range = self.settings.footage_by_range and can_hold_reads(
            self.decoder.executable, self.decoder.sandbox
        )
        return FootageStore({name: self.bucket(name) for name in names}, cache, by_range)

    def bucket(self, name: str) -> Bucket:
        """A bucket of the organisation's object store."""
        chosen = self.settings
        account = Account(
            endpoint=chosen.s3_endpoint,
            region=chosen.s3_region,
            access_key=chosen.s3_access_key.get_secret_value(),
            secret_key=chosen.s3_secret_key.get_secret_value(),
        )
        return Bucket(account, name)

    @cached_property
    def decoder(self) -> Decoder:
        """The ffmpeg to use, with its limits and sandbox. Raises WrongUsage, StackTrouble."""
        executable = choose(self.settings.ffmpeg)
        return Decoder(
            executable=executable,
            memory_mb=self.settings.decoder_memory_mb,
            timeout_seconds=self.settings.decoder_timeout_seconds,
            max_pixels=self.settings.max_pixels,
            sandbox=choose_walls(self.settings.sandbox, executable),
        )

    @cached_property
    def context(self) -> Context:
        """What the steps work with. Raises as `database`, `media` and `decoder`."""
        return self._tools(self.media)

    @cached_property
    def purging_context(self) -> Context:
        """`context`, but works without the master key too: data encrypted with it can still be
        purged."""
        try:
            return self.context
        except KeyMissing:
            keys = Keyring(self.database, lost_master())
            return self._tools(SealedMedia(self.pictures, keys))

    def _tools(self, media: SealedMedia) -> Context:
        return Context(
            database=self.database,
            media=media,
            decoder=self.decoder,
            engine_for=lambda plan: self.face_engine(plan.engine, plan.min_face_px),
            lease_seconds=self.settings.lease_seconds,
            windows=self.windows,
            footage_store=self.footage_store,
            process_name=lambda: registry.register(self.registry_folder),
        )

    @cached_property
    def windows(self) -> Windows:
        """The processing windows. Raises WrongUsage."""
        return Windows.parse(self.settings.window, self.settings.time_zone)

    @property
    def retention(self) -> Retention:
        """Retention periods."""
        return Retention(self.settings.bystander_days, self.settings.purge_days)

    @property
    def certificates_folder(self) -> Path:
        """Folder for certificates of purges."""
        return self.settings.home_folder / "certificates"

    @property
    def site(self) -> str:
        """Site of footage that is added here, unless another is given."""
        return self.settings.site_names[0]

    @property
    def policy(self) -> Policy:
        """The organisation's rules for cases. Raises WrongUsage."""
        return Policy(parse_bases(self.settings.legal_bases), self.settings.case_max_days)

    @property
    def registry_folder(self) -> Path:
        """Folder with the lock files of live worker processes."""
        return self.settings.home_folder / "run" / "workers"

    @property
    def weights_folder(self) -> Path:
        """Folder for the weights of DeepFace's models."""
        return self.settings.home_folder / "weights"

    @property
    def plan(self) -> Plan:
        """The processing settings for new footage."""
        chosen = self.settings
        return Plan(
            engine=self.engine,
            mode=chosen.mode,
            interval_ms=chosen.interval_ms,
            min_face_px=chosen.min_face_px,
            max_side_px=chosen.max_side_px,
        )

    @property
    def engine(self) -> str:
        """Name of the engine in use: the last one chosen by `models use`, else the setting."""
        with reading(self.database) as session:
            return in_use(session) or self.settings.engine

    def photo_engine(self) -> FaceEngine:
        """The engine for reference photos; it detects smaller faces, so that they can be reported
        as too small. Raises as `face_engine`."""
        return self.face_engine(self.engine, PHOTO_MIN_FACE_PX)

    def make_home(self) -> Path:
        """The home folder, created if missing, accessible to its owner only.

        Raises StoreUnavailable.
        """
        home = self.settings.home_folder
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The home folder {home} cannot be created ({error.strerror}); "
                "set NIGHTREEL_HOME to a folder that can be written."
            ) from error
        return home

    def face_engine(self, name: str, min_face_px: int) -> FaceEngine:
        """An engine by name for faces of at least `min_face_px` pixels, with the threshold in use.

        Its networks load at first use. Raises ModelUnavailable, StoreUnavailable.
        """
        engine = self._engine(name, min_face_px)
        with reading(self.database) as session:
            chosen = threshold_in_use(session, engine.card.name)
        return engine if chosen is None else adjusted(engine, chosen)

    @cache  # noqa: B019 - one Resources lives as long as its process
    def _engine(self, name: str, min_face_px: int) -> FaceEngine:
        from faces.engines import build_engine

        return build_engine(
            name,
            min_face_px=min_face_px,
            device=self.settings.device,
            precision=self.settings.precision,
            weights_folder=self.weights_folder,
        )


@cache
def resources() -> Resources:
    """This process's resources. Raises WrongUsage if a setting is out of range."""
    return Resources(load_settings())


@atexit.register
def _leave_database() -> None:
    """Close the connections: the last process to do so checkpoints SQLite's log."""
    if resources.cache_info().currsize and "database" in vars(resources()):
        resources().database.dispose()
