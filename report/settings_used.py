"""The settings of a plan, in words."""

from collections.abc import Iterator

from pipeline.plan import Plan


def in_words(plan: Plan) -> Iterator[tuple[str, str]]:
    """The settings as (name, value); for imported faces only those that are known."""
    if not plan.cut_by:
        yield from _of_footage(plan)
    yield "Smallest face", f"{plan.min_face_px} px"
    for name, value in (
        ("Crops of plan", plan.crops_of),
        ("Cropped by", plan.cut_by),
        ("Imported at", plan.imported_at),
    ):
        if value:
            yield name, value


def _of_footage(plan: Plan) -> Iterator[tuple[str, str]]:
    by_time = plan.mode == "interval"
    yield "Frames", f"one every {plan.interval_ms / 1000:g} s" if by_time else "keyframes only"
    yield (
        "Largest picture",
        f"{plan.max_side_px} px a side; larger ones are scaled down",
    )
    yield "Segments", f"at most {plan.max_segment_seconds} s"
    yield "New appearance", f"after {plan.max_gap_seconds:g} s without the face"
    yield "Crops kept", f"the {plan.best_faces} best of each appearance"
