"""Builds appearances from faces in frames: one person's continuous presence in one recording.

`link` works within a stretch of footage, `join` across the borders between stretches;
`faces.pairing` decides which faces belong together.
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
    """A picture for human viewers, with some margin."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """The period in which one face was seen, and its best observations."""

    start_ms: int
    end_ms: int
    """Time of the last observation; equal to `start_ms` if there is only one."""
    best_ms: int
    """Time of the best observation, to which box, score and quality belong."""
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
    """The part of an appearance inside one segment, as `join` needs it."""

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

    Each item of `frames` holds all observations of one frame, in any order; frames must be in order
    of time and are consumed lazily. Every observation is part of exactly one appearance, and no
    appearance has two observations of one frame. `same_face_distance` is Euclidean between unit
    vectors. Only the `best_faces` best observations of each appearance are held in memory.
    """
    max_gap_ms = round(max_gap_seconds * 1000)
    present: list[_Presence] = []
    finished: list[Appearance] = []
    for frame in frames:
        observations = sorted(frame, key=_standing_order)
        if not observations:
            continue
        gone = [p for p in present if observations[0].time_ms - p.end_ms > max_gap_ms]
        finished += [presence.finish() for presence in gone]
        present = [presence for presence in present if presence not in gone]
        present = _continue(present, observations, best_faces, same_face_distance)
    finished += [presence.finish() for presence in present]
    return sorted(finished, key=lambda a: (a.start_ms, a.end_ms, a.box.x, a.box.y))


def join(
    parts: Sequence[Part], *, max_gap_seconds: float, same_face_distance: float
) -> list[list[int]]:
    """Group the parts that segment borders separated: groups of indices into `parts`, in order of
    time.

    A part continues at most one part of an earlier segment, if it begins at most `max_gap_seconds`
    after the end of that part and the two look alike. Every index is in exactly one group.
    """
    max_gap_ms = round(max_gap_seconds * 1000)
    groups: list[list[int]] = []
    open_groups: list[list[int]] = []
    in_order = sorted(range(len(parts)), key=lambda index: (parts[index].segment, index))
    for _, indices in groupby(in_order, key=lambda index: parts[index].segment):
        arriving = list(indices)
        starts = [parts[index] for index in arriving]
        first_ms = min(part.start_ms for part in starts)
        open_groups = [g for g in open_groups if first_ms - parts[g[-1]].end_ms <= max_gap_ms]
        ends = [parts[group[-1]] for group in open_groups]
        joined = pair(_join_costs(ends, starts, max_gap_ms, same_face_distance))
        begun = [[index] for place, index in enumerate(arriving) if place not in joined]
        for place, before in joined.items():
            open_groups[before].append(arriving[place])
        groups += begun
        open_groups += begun
    return sorted(groups, key=lambda group: (parts[group[0]].start_ms, group[0]))


@dataclass(slots=True, eq=False)
class _Presence:
    """An appearance that may still continue."""

    keep: int
    start_ms: int
    place: Box
    """Box of the last observation."""
    recognised: Vectors
    """Unit vector of the last observation that was linked by its embedding, not by its place: a
    blurred face must not lead to another person's."""
    end_ms: int = 0
    best: list[Observation] = field(default_factory=list)
    observations: int = 0

    def add(self, observation: Observation) -> None:
        self.end_ms, self.place = observation.time_ms, observation.face.box
        self.observations += 1
        ranked = sorted([*self.best, observation], key=lambda o: (-o.quality.value, o.time_ms))
        self.best = ranked[: self.keep]

    def pooled(self) -> Vectors:
        vectors = np.stack([observation.vector for observation in self.best])
        return pool(vectors, np.array([observation.quality.value for observation in self.best]))

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
            crops=tuple(o.crop for o in self.best if o.crop is not None),
        )


def _standing_order(observation: Observation) -> tuple[float, float, float, float, bytes]:
    """Sort key; any fixed order works, so that results do not depend on the detector's order."""
    box = observation.face.box
    return box.x, box.y, box.width, box.height, observation.vector.tobytes()


def _continue(
    present: list[_Presence], observations: list[Observation], keep: int, limit: float
) -> list[_Presence]:
    """Add each observation to the presence that it continues, or to a new one."""
    vectors = unit(np.stack([observation.vector for observation in observations]))
    apart = _distances_to(present, vectors)
    before = [Look(presence.place, presence.best[0].quality.value) for presence in present]
    now = [Look(observation.face.box, observation.quality.value) for observation in observations]
    continued = pair(pairing_costs(apart, before, now, limit))
    begun = []
    for place, observation in enumerate(observations):
        if place not in continued:
            presence = _Presence(keep, observation.time_ms, observation.face.box, vectors[place])
            begun.append(presence)
        else:
            presence = present[continued[place]]
            if apart[continued[place], place] <= limit:
                presence.recognised = vectors[place]
        presence.add(observation)
    return present + begun


def _distances_to(present: list[_Presence], vectors: Vectors) -> Vectors:
    """Distance of each presence to each vector [n, d]: the smaller of that of its best faces and
    that of its last recognised face."""
    if not present:
        return np.zeros((0, len(vectors)), dtype=np.float32)
    pooled = distances(np.stack([presence.pooled() for presence in present]), vectors)
    recent = distances(np.stack([presence.recognised for presence in present]), vectors)
    return np.minimum(pooled, recent)


def _join_costs(ends: list[Part], starts: list[Part], max_gap_ms: int, limit: float) -> Costs:
    if not ends:
        return {}
    start_vectors = np.stack([part.vector for part in starts])
    apart = distances(np.stack([part.vector for part in ends]), start_vectors)
    end_ms = np.array([[part.end_ms] for part in ends])
    pauses_ms = np.array([part.start_ms for part in starts]) - end_ms
    apart[(pauses_ms < 0) | (pauses_ms > max_gap_ms)] = np.inf
    before = [Look(part.box, part.quality) for part in ends]
    after = [Look(part.box, part.quality) for part in starts]
    return pairing_costs(apart, before, after, limit)
