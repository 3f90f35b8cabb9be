"""Arithmetic on boxes."""

from faces.face import Box


def iou(a: Box, b: Box) -> float:
    """Intersection over union, 0 (the boxes do not overlap) to 1 (they are the same)."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(0.0, width) * max(0.0, height)
    union = a.width * a.height + b.width * b.height - shared
    return shared / union if union > 0 else 0.0
