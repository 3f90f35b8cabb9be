"""A case is opened with folders and without a recording period, and says what it covers."""

from command_line import TERMS, Nightreel

BASIS = TERMS[: TERMS.index("--source")]


def test_a_case_is_opened_without_a_recording_period(nightreel: Nightreel) -> None:
    assert nightreel("case", "open", "A-1", *BASIS, "--source", "station/").code == 0
    said = " ".join(nightreel("case", "show", "A-1").out.split())
    assert "folders named station/" in said
    assert "any time" in said


def test_a_recording_period_may_have_one_end(nightreel: Nightreel) -> None:
    terms = ("--source", "/cctv", "--to", "2026-03-02")
    assert nightreel("case", "open", "A-1", *BASIS, *terms).code == 0
    said = " ".join(nightreel("case", "show", "A-1").out.split())
    assert "the folder /cctv" in said
    assert "before 2026-03-02 00:00 UTC" in said


def test_a_source_that_is_no_folder_is_refused_in_one_sentence(nightreel: Nightreel) -> None:
    refused = nightreel("case", "open", "A-1", *BASIS, "--source", "text:station")
    assert (refused.code, "give a folder" in refused.err) == (2, True)
