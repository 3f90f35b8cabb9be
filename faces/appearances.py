"""From faces in frames to appearances: one person's unbroken presence in one recording.

`link` works inside a stretch of footage, `join` over the borders between stretches; which faces
belong together is decided in `faces.pairing`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from faces.crop import Crop
from faces.face import Box, Face
from faces.pairing import Costs, Look, pair, pairing_costs
from faces.quality import Quality
from faces.vectors import Vectors, distances, pool, unit


@dataclass(frozen=True, slots=True)
class Observation:
    """One face in one sampled frame."""

    time_ms: int
    face: Face
    quality: Quality
    vector: Vectors
    """Shape [d], as the engine gave it."""
    crop: Crop | None
    """A picture for people, with some margin."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """From when to when one face was seen, and what it looked like at its best."""

    start_ms: int
    end_ms: int
    """Time of the last observation: a single one starts and ends at the same time."""
    best_ms: int
    """When the face was seen best; box, score and quality are of this observation."""
    box: Box
    score: float
    quality: float
    observations: int
    vector: Vectors
    """Shape [d], unit length: the mean of the best observations, weighted by quality."""
    crops: tuple[Crop, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class Part:
    """What an appearance left behind in one segment."""

    segment: int
    """Index of the segment in its recording."""
    start_ms: int
    end_ms: int
    box: Box
    quality: float
    vector: Vectors


def link(
    frames: Iterable[Sequence[Observation]],
    *,
    max_gap_seconds: float,
    best_faces: int,
    same_face_distance: float,
) -> list[Appearance]:
    """Link the observations of a recording's frames into appearances, ordered by their start.

    Each item of `frames` holds all observations of one frame, in any order; frames come in order of
    time and are consumed lazily. Every observation ends up in exactly one appearance, and no
    appearance has two observations of one frame. `same_face_distance` is Euclidean between unit
    vectors. Of each appearance only the `best_faces` best observations are held in memory.
    """
    max_gap_ms = round(max_gap_seconds * 1000)
    present: list[_Presence] = []
    finished: list[Appearance] = []
    for frame in frames:
        observations = sorted(frame, key=_standing_order)
        if not observations:
            continue
        gone = [one for one in present if observations[0].time_ms - one.end_ms > max_gap_ms]
        finished += [one.finish() for one in gone]
        present = [one for one in present if one not in gone]
        present = _continue(present, observations, best_faces, same_face_distance)
    finished += [one.finish() for one in present]
    return sorted(finished, key=lambda one: (one.start_ms, one.end_ms, one.box.x, one.box.y))


def join(
    parts: Sequence[Part], *, max_gap_seconds: float, same_face_distance: float
) -> list[list[int]]:
    """Group the parts that segment borders cut apart, as indices into `parts`, in order of time.

    A part continues at most one part of an earlier segment, if it begins at most `max_gap_seconds`
    after that one's end and the two look alike. Every index is in exactly one group.
    """
    max_gap_ms = round(max_gap_seconds * 1000)
    groups: list[list[int]] = []
    open_groups: list[list[int]] = []
    in_order = sorted(range(len(parts)), key=lambda index: (parts[index].segment, index))
    for _, indices in groupby(in_order, key=lambda index: parts[index].segment):
        arriving = list(indices)
        starts = [parts[index] for index in arriving]
        first_ms = min(one.start_ms for one in starts)
        open_groups = [one for one in open_groups if first_ms - parts[one[-1]].end_ms <= max_gap_ms]
        ends = [parts[one[-1]] for one in open_groups]
        joined = pair(_join_costs(ends, starts, max_gap_ms, same_face_distance))
        begun = [[index] for place, index in enumerate(arriving) if place not in joined]
        for place, before in joined.items():
            open_groups[before].append(arriving[place])
        groups += begun
        open_groups += begun
    return sorted(groups, key=lambda one: (parts[one[0]].start_ms, one[0]))


@dataclass(slots=True, eq=False)
class _Presence:
    """An appearance that may still go on."""

    keep: int
    start_ms: int
    place: Box
    """Where it was last."""
    recognised: Vectors
    """Unit vector of the last observation that stayed for its embedding, not for its place: a
    blurred face must not lead on to somebody else's."""
    end_ms: int = 0
    best: list[Observation] = field(default_factory=list)
    observations: int = 0

    def add(self, observation: Observation) -> None:
        self.end_ms, self.place = observation.time_ms, observation.face.box
        self.observations += 1
        ranked = sorted(
            [*self.best, observation], key=lambda one: (-one.quality.value, one.time_ms)
        )
        self.best = ranked[: self.keep]

    def pooled(self) -> Vectors:
        vectors = np.stack([one.vector for one in self.best])
        return pool(vectors, np.array([one.quality.value for one in self.best]))

    def finish(self) -> Appearance:
        best = self.best[0]
        return Appearance(
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            best_ms=best.time_ms,
            box=best.face.box,
            score=best.face.score,
            quality=best.quality.value,
            observations=self.observations,
            vector=self.pooled(),
            crops=tuple(one.crop for one in self.best if one.crop is not None),
        )


def _standing_order(observation: Observation) -> tuple[float, float, float, float, bytes]:
    """Any fixed order will do: what comes out must not depend on the detector's."""
    box = observation.face.box
    return box.x, box.y, box.width, box.height, observation.vector.tobytes()


def _continue(
    present: list[_Presence], observations: list[Observation], keep: int, limit: float
) -> list[_Presence]:
    """Give each observation to the presence it goes on with, or to a new one."""
    vectors = unit(np.stack([one.vector for one in observations]))
    apart = _distances_to(present, vectors)
    before = [Look(one.place, one.best[0].quality.value) for one in present]
    now = [Look(one.face.box, one.quality.value) for one in observations]
    continued = pair(pairing_costs(apart, before, now, limit))
    begun = []
    for place, observation in enumerate(observations):
        if place not in continued:
            one = _Presence(keep, observation.time_ms, observation.face.box, vectors[place])
            begun.append(one)
        else:
            one = present[continued[place]]
            if apart[continued[place], place] <= limit:
                one.recognised = vectors[place]
        one.add(observation)
    return present + begun


def _distances_to(present: list[_Presence], vectors: Vectors) -> Vectors:
    """From each presence to each vector [n, d]: to its best faces or to the last one recognised."""
    if not present:
        return np.zeros((0, len(vectors)), dtype=np.float32)
    pooled = distances(np.stack([one.pooled() for one in present]), vectors)
    recent = distances(np.stack([one.recognised for one in present]), vectors)
    return np.minimum(pooled, recent)


def _join_costs(ends: list[Part], starts: list[Part], max_gap_ms: int, limit: float) -> Costs:
    if not ends:
        return {}
    start_vectors = np.stack([one.vector for one in starts])
    apart = distances(np.stack([one.vector for one in ends]), start_vectors)
    end_ms = np.array([[one.end_ms] for one in ends])
    pauses_ms = np.array([one.start_ms for one in starts]) - end_ms
    apart[(pauses_ms < 0) | (pauses_ms > max_gap_ms)] = np.inf
    before = [Look(one.box, one.quality) for one in ends]
    after = [Look(one.box, one.quality) for one in starts]
    return pairing_costs(apart, before, after, limit)
