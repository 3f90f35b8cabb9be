"""A report with everything in it, hostile names included."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from PIL import Image
from rows import candidate, seen

from demo.portraits import portrait
from pipeline.judging.listed import Listed
from report.report_contents import (
    CandidateCard,
    EngineCard,
    PersonSection,
    RecordingRow,
    ReferenceRow,
    RefusedFile,
    Report,
)
from storage.results.compared import Compared
from storage.results.reach import Extent
from storage.results.verdicts import Standing

HOSTILE = '"><img src=https://example.org/x onerror=alert(1)> \u202e4pm.exe'
UNENCODABLE = "caf\udce9.mp4"
LONG = "camera-03_" + "entrance" * 30 + ".mp4"


def crop(name: str, shade: float = 1.0) -> bytes:
    picture = Image.fromarray(portrait(name)).crop((140, 40, 380, 280)).resize((96, 96))
    buffer = io.BytesIO()
    picture.point(lambda value: int(value * shade)).save(buffer, "JPEG")
    return buffer.getvalue()


def card(rank: int, recording: int, start_ms: int, end_ms: int, pictures: int) -> CandidateCard:
    shown = seen(start_ms=start_ms, end_ms=end_ms, best_ms=start_ms)
    return CandidateCard(
        listed=Listed(candidate(rank, seen=shown), Standing.OPEN, None),
        recording=recording,
        reference=0,
        crops=tuple(crop("astronaut", 1 - 0.1 * n) for n in range(pictures)),
    )


def with_what(name: str, **changes: object) -> Compared:
    """A person who was compared with all of three recordings, but for their gaps."""
    whole = Extent(3, 5_956_900, 12)
    answer = Compared(1, name, whole, whole, 96_000, True, 0, 0, {}, ())
    return replace(answer, **changes)  # type: ignore[arg-type]


def sample_report() -> Report:
    reference = ReferenceRow("passport.jpg", crop("astronaut"), 0.8, "One clear face.")
    unusable = ReferenceRow("group.jpg", b"", 0.0, "Not used: three faces in the picture.")
    hopper = ReferenceRow("hopper.jpg", crop("grace_hopper"), 0.9, "One clear face.")
    return Report(
        made_at=datetime(2024, 11, 24, 6, 12, tzinfo=UTC),
        plan_key="3f9ac0b1d2e4f567",
        plan=(("Frames", "one every 0.5 s"), ("Smallest face", "80 px")),
        engine=EngineCard("dlib", "Euclidean, unit vectors", 0.4, "CC0", True, "ab12cd34" * 8),
        persons=(
            PersonSection(
                "Eileen C.",
                (reference, unusable),
                (
                    card(1, 0, 1_204_500, 1_219_000, 5),
                    card(2, 1, 377_000, 386_000, 1),
                    card(3, 2, 14_500, 14_500, 0),
                ),
                with_what("Eileen C."),
            ),
            PersonSection(HOSTILE, (hopper,), (), with_what(HOSTILE)),
        ),
        recordings=(
            RecordingRow(LONG, "9f2c" * 16, 3_723_400, "done", appearances=((0, 90_000),)),
            RecordingRow(
                HOSTILE,
                "41ab" * 16,
                1_812_000,
                "gaps",
                duration_claimed_ms=2_700_000,
                gaps=((640_000, 730_000), (1_806_000, 1_812_000)),
                reason="One segment was given up.",
            ),
            RecordingRow(UNENCODABLE, "77de" * 16, 421_500, "done"),
        ),
        refused=(RefusedFile(HOSTILE, "This is a playlist, and it was not opened."),),
        case_reference="OP-2024/1187",
        case=(("Legal basis", "Missing person"), ("Purpose", HOSTILE)),
    )
