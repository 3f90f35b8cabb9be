"""What all jobs of a run share: footage, a model database, and an undisturbed run's results."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from bench.chaos.digest import content
from bench.chaos.footage import Shape, draw_job, draw_photos
from bench.chaos.stores import Store
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.people.enrol import enrol_person
from pipeline.plan import Plan
from settings import Settings
from storage.cases.case_terms import open_case
from storage.database.database import Engine, connect, reading, writing
from storage.files.sealed import SealedMedia
from storage.jobs.dispatcher import ready_to_match, undispatched
from worker.resources import Resources


@dataclass(frozen=True, slots=True)
class Prepared:
    """A home folder with all work added and none done."""

    home: Path
    url: str
    environment: dict[str, str]


class Lab:
    """Draws the footage, fills the model, and runs the job once by itself, without a worker."""

    def __init__(
        self, folder: Path, store: Store, shape: Shape, environment: dict[str, str]
    ) -> None:
        self.folder, self.store, self.shape = folder, store, shape
        self._environment = {"NIGHTREEL_ENGINE": "stub"} | environment
        self._numbers = count(1)
        self._model_home = folder / "model-home"
        self.clips = draw_job(_made(folder / "footage"), shape)
        self._fill(draw_photos(_made(folder / "photos")))
        self.expected: Counter[str] = self._undisturbed()

    def prepare(
        self,
        home: Path | None = None,
        *,
        settings: dict[str, str] | None = None,
        more: Sequence[tuple[Path, Plan]] = (),
    ) -> Prepared:
        """A new home for a job; `settings` are by variable, `more` is footage beyond the job's."""
        home = _made(home or self.folder / f"home-{next(self._numbers)}")
        self._share_pictures(home)
        url = self.store.copy_for(home)
        self._add(self._resources(home, url), more)
        address = {} if url.startswith("sqlite") else {"NIGHTREEL_DATABASE_URL": url}
        return Prepared(home, url, self._environment | address | (settings or {}))

    def _fill(self, photos: dict[str, Path]) -> None:
        mine, now = self._resources(self._model_home, self.store.model_url), utc_now()
        with writing(mine.database) as session:
            case = open_case(
                session, reference="chaos", legal_basis="demonstration", purpose="measuring",
                requested_by="bench", sources=["*"], expires_at=now + timedelta(days=9), now=now,
            )  # fmt: skip
        for name, photo in photos.items():
            engine, asks = mine.photo_engine(), Caller(mine.database, "worker", now)
            enrol_person(asks, case.id, name, [photo], engine=engine, context=mine.context)
        self._add(mine, [(clip, self.shape.plan) for clip in self.clips])

    def _share_pictures(self, home: Path) -> None:
        for name in ("media", "keys"):
            shutil.copytree(self._model_home / name, home / name, dirs_exist_ok=True)

    def _add(self, mine: Resources, asked: Sequence[tuple[Path, Plan]]) -> None:
        for clip, plan in asked:
            ingest_file(clip, context=mine.context, plan=plan, now=utc_now())
        mine.database.dispose()  # a copy of the file must be whole

    def _undisturbed(self) -> Counter[str]:
        home = _made(self.folder / "undisturbed")
        self._share_pictures(home)
        mine = self._resources(home, self.store.copy_for(home))
        with reading(mine.database) as session:
            segments = undispatched(session)
        for segment in segments:
            watch(segment, mine.context)
        with reading(mine.database) as session:
            analyses = ready_to_match(session)
        for analysis in analyses:
            match_analysis(analysis, mine.context)
        lines = content(mine.database, mine.media)
        mine.database.dispose()
        return lines

    def _resources(self, home: Path, url: str) -> Resources:
        return Resources(Settings(home=home, database_url=url, engine="stub"))


def database_of(prepared: Prepared) -> Engine:
    """The job's database, for reading from outside."""
    return connect(prepared.url)


def media_of(prepared: Prepared) -> SealedMedia:
    """The job's pictures, for reading from outside."""
    return Resources(Settings(home=prepared.home, database_url=prepared.url)).media


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
