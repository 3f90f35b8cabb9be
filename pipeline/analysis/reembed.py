"""Re-embed stored crops with another engine; no footage is decoded.

If a crop comes from the engine's own detector, its stored landmarks are used and no face is
detected. Crops are read and aligned in a separate thread, so that the network does not wait for
them.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from errors import PictureLost, UnusablePhoto
from faces.crop import Crop
from faces.engine import FaceEngine
from faces.face import Face, Image
from faces.vectors import Vectors, pool
from pipeline.context import Context
from pipeline.crops import read_crop
from pipeline.retry import retrying
from storage.database.database import reading, writing
from storage.files.sealed import SealedMedia
from storage.jobs import reembedding
from storage.jobs.ledger import ClaimedSegment
from storage.jobs.reembedding import Kept

AT_ONCE = 16
"""Appearances whose crops are read while the previous ones are embedded; if each has the same
number of crops, they fill an embedder's batches."""
AT_FIRST = 3
"""Appearances to read before the network can start; few, because it waits for them."""
GIVE_WAY_SECONDS = 0.0002
"""The interpreter's switch interval: how long the network waits for the other thread after each
layer. Python's default of 5 ms is as long as many layers take."""

Item = TypeVar("Item")
Made = TypeVar("Made")


class Why(StrEnum):
    """Why an appearance could not be re-embedded."""

    NO_CROP = "its crops are gone or damaged"
    UNREADABLE = "its crops cannot be read"
    NO_FACE = "no face was found in its crops"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Some appearances, ready for the network."""

    chips: list[Image]
    of: list[int]
    """The appearance of each chip."""
    omissions: dict[int, str]
    crops: int
    """How many crops could be read."""


def reembed(
    claimed: ClaimedSegment,
    origin_id: int,
    owner: str,
    context: Context,
    engine: FaceEngine,
    check: Callable[[], None],
) -> bool:
    """Embed one portion of an origin's appearances; returns whether no segment is left open.

    `check` is called every few crops; an exception from it ends the work. Appearances that cannot
    be embedded are stored with the reason. Raises LeaseLost, StoreUnavailable, ModelUnavailable.
    """
    with reading(context.database) as session:
        portion = reembedding.kept(session, origin_id, claimed.segment.index)
    vectors: dict[int, Vectors] = {}
    omissions: dict[int, str] = {}
    crops = 0
    with _threads_give_way():
        for prepared in _one_ahead(
            lambda few: _prepare(few, context.media, engine), _some(portion)
        ):
            check()
            vectors |= _embedded(prepared, engine)
            omissions |= prepared.omissions
            crops += prepared.crops

    def keep() -> bool:
        with writing(context.database) as session:
            return reembedding.finish(
                session,
                claimed.id,
                owner,
                origin_id,
                vectors,
                omissions,
                engine=engine.card.name,
                weights_sha256=engine.weights_sha256,
                crops=crops,
                now=context.clock(),
            )

    return retrying(keep, context.lease_seconds)


@contextmanager
def _threads_give_way() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(GIVE_WAY_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _some(portion: Sequence[Kept]) -> Iterator[Sequence[Kept]]:
    """The portion in parts: a small one first, then `AT_ONCE` appearances each."""
    yield portion[:AT_FIRST]
    for first in range(AT_FIRST, len(portion), AT_ONCE):
        yield portion[first : first + AT_ONCE]


def _one_ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Like `map`, but the next result is made while the previous one is used."""
    with ThreadPoolExecutor(1, "crops") as reader:
        ahead: deque[Future[Made]] = deque()
        for item in items:
            ahead.append(reader.submit(make, item))
            if len(ahead) > 1:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _prepare(portion: Sequence[Kept], media: SealedMedia, engine: FaceEngine) -> _Prepared:
    omissions: dict[int, str] = {}
    open_picture = media.reader()
    read = [
        (kept.appearance_id, crop)
        for kept in portion
        for crop in _crops(kept, open_picture, omissions)
    ]
    faces = faces_of([crop for _, crop in read], engine)
    chips, of = [], []
    for (appearance, crop), face in zip(read, faces, strict=True):
        if face is None:
            omissions.setdefault(appearance, Why.NO_FACE)
        else:
            chips.append(engine.align(crop.image, [face])[0])
            of.append(appearance)
    embedded = set(of)  # one crop of an appearance is enough
    left_out = {id: why for id, why in omissions.items() if id not in embedded}
    return _Prepared(chips, of, left_out, len(read))


def _crops(
    kept: Kept, open_picture: Callable[[str], bytes], omissions: dict[int, str]
) -> Iterator[Crop]:
    if not kept.crops:
        omissions[kept.appearance_id] = Why.NO_CROP
    for name in kept.crops:
        try:
            yield read_crop(open_picture(name))
        except PictureLost:
            omissions.setdefault(kept.appearance_id, Why.NO_CROP)
        except UnusablePhoto:
            omissions.setdefault(kept.appearance_id, Why.UNREADABLE)


def faces_of(crops: Sequence[Crop], engine: FaceEngine) -> list[Face | None]:
    """The face that each crop was cut around; None if none is detected there."""
    unknown = [crop for crop in crops if crop.detector != engine.card.detector]
    detected = iter(engine.detect([crop.image for crop in unknown]) if unknown else ())
    return [
        crop.face if crop.detector == engine.card.detector else _central(next(detected), crop.image)
        for crop in crops
    ]


def _central(faces: Sequence[Face], image: Image) -> Face | None:
    """The face that the crop was cut around: the most central one that covers its centre."""
    middle = np.array([image.shape[1], image.shape[0]]) / 2
    around = [face for face in faces if _covers(face, middle)]
    return min(around, key=lambda face: _apart(face, middle), default=None)


def _covers(face: Face, point: NDArray[np.float64]) -> bool:
    x, y = point - (face.box.x, face.box.y)
    return bool(0 <= x <= face.box.width and 0 <= y <= face.box.height)


def _apart(face: Face, point: NDArray[np.float64]) -> float:
    x, y = point - (face.box.x + face.box.width / 2, face.box.y + face.box.height / 2)
    return float(np.hypot(x, y))


def _embedded(prepared: _Prepared, engine: FaceEngine) -> dict[int, Vectors]:
    """One embedding per appearance: the mean over its crops."""
    if not prepared.chips:
        return {}
    vectors = engine.embed(np.stack(prepared.chips))
    of = np.array(prepared.of)
    return {
        int(id): pool(vectors[of == id], np.ones(int((of == id).sum()))) for id in np.unique(of)
    }
