"""The settings of a plan, in words."""

from pipeline.plan import Plan
from report.settings_used import in_words


def test_frames_are_told_by_their_interval_or_as_keyframes() -> None:
    assert dict(in_words(Plan(interval_ms=250)))["Frames"] == "one every 0.25 s"
    assert dict(in_words(Plan(mode="keyframes")))["Frames"] == "keyframes only"


def test_nothing_is_said_that_does_not_apply() -> None:
    assert all(value for _, value in in_words(Plan()))
    assert "Cropped by" not in dict(in_words(Plan()))


def test_of_imported_faces_no_setting_of_footage_is_stated() -> None:
    told = dict(in_words(Plan(cut_by="Acme 2", imported_at="2026-03-01T22:00:00+00:00")))
    assert set(told) == {"Smallest face", "Cropped by", "Imported at"}
