"""The moment of a candidate, played with others' faces hidden."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from footage_factory import draw
from numpy.typing import NDArray
from painted import FRAMES_PER_SECOND, RED, X264, paint_photo
from steps import enrol, find, open_case

from errors import FootageChanged, FootageVanished, Purged
from footage.excerpt import Span, excerpt
from footage.recording import probe
from footage.segments import divide
from pipeline.act import Caller
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.judging.clips import Clip, cut_clip
from pipeline.judging.looking import next_sight
from pipeline.judging.review import Rules
from pipeline.plan import Plan
from storage.database.database import writing
from storage.jobs.control import forget
from storage.results.blind_views import BlindView

STRIPES = ((40, 60, 230), (0, 0, 110))
"""Somebody else, whose face has something in it that could be recognised."""


def two_people() -> Iterator[NDArray[np.uint8]]:
    """Eight seconds: red walks on the left, somebody striped stands on the right."""
    for place in range(8 * FRAMES_PER_SECOND):
        picture = np.full((240, 480, 3), 110, np.uint8)
        picture[60:180, 20 + place : 120 + place] = RED
        for row in range(60, 180):
            picture[row, 340:440] = STRIPES[row // 4 % 2]
        yield picture


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(
        tmp_path_factory.mktemp("street") / "street.mp4",
        two_people(),
        fps=FRAMES_PER_SECOND,
        options=X264,
    )


@pytest.fixture
def own_street(street: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "street.mp4"
    copy.write_bytes(street.read_bytes())
    return copy


@pytest.fixture
def shown(own_street: Path, context: Context, plan: Plan, tmp_path: Path) -> BlindView:
    """Red, who is looked for and was found."""
    find(own_street, context, plan)
    case = open_case(context)
    photo = paint_photo(tmp_path / "red.png", RED)
    match_person(enrol("Red", [photo], case, context, plan).person_id, context)
    asked = Caller(context.database, "account:1", utc_now())
    found = next_sight(asked, case, 1, Rules()).view
    assert found is not None
    return found


def stripes(clip: Clip, context: Context, folder: Path) -> float:
    """How strong the stripes are in a clip: 0 where they are hidden."""
    file = folder / "clip.mp4"
    file.write_bytes(clip.mp4)
    recording = probe(str(file), context.decoder)
    span = Span(0, recording.duration_ms, 100, 480)
    frames = excerpt(recording, divide(recording, 60)[0], span, decoder=context.decoder)
    assert len(frames) > 20
    return max(float(frame.image[80:160, 380, 2].std()) for frame in frames)


def test_somebody_else_is_hidden_and_shown_only_when_asked(
    shown: BlindView, context: Context, tmp_path: Path
) -> None:
    clip = cut_clip(shown, context)
    assert clip.followed and clip.blurred
    assert clip.start_ms <= shown.seen.best_ms <= clip.end_ms <= clip.start_ms + 4_000
    assert stripes(clip, context, tmp_path) < 12
    open_clip = cut_clip(shown, context, blurred=False)
    assert stripes(open_clip, context, tmp_path) > 30
    assert len(open_clip.mp4) < 200_000


def test_a_candidate_who_is_not_found_again_is_hidden_too(
    shown: BlindView, context: Context
) -> None:
    clip = cut_clip(
        replace(shown, seen=replace(shown.seen, box=(400.0, 200.0, 10.0, 10.0))), context
    )
    assert not clip.followed


def test_no_clip_is_made_of_footage_that_has_gone_or_changed(
    shown: BlindView, context: Context, own_street: Path
) -> None:
    body = own_street.read_bytes()
    own_street.write_bytes(body + b"more")
    with pytest.raises(FootageChanged):
        cut_clip(shown, context)
    own_street.unlink()
    with pytest.raises(FootageVanished):
        cut_clip(shown, context)
    with writing(context.database) as session:
        forget(session, [shown.seen.recording_id])
    with pytest.raises(Purged):
        cut_clip(shown, context)
