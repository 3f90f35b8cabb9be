"""What people were compared with, in words: the only words in which an absence is stated."""

from collections.abc import Sequence

from pipeline.recording_times import captured_in_words
from report.timeline import clock
from storage.results.compared import Compared
from storage.results.reach import Extent, Footage, Unsearched

NAMED = 3
"""Further people with the same answer are counted only."""
_WHY = {
    Unsearched.FILE_DATE: "because {its|their} own date is outside the case's recording period",
    Unsearched.UNDATED: "because nobody says when {it was|they were} recorded "
    "(`ingest --captured-at`, or the recording's page)",
    Unsearched.NOT_PROCESSED: "because {it is|they are} not processed yet",
    Unsearched.FAILED: "because {it|they} could not be decoded",
    Unsearched.CANCELLED: "because {its job was|their jobs were} cancelled",
    Unsearched.OTHER_ENGINE: "because another engine processed {it|them}",
    Unsearched.ERASED: "because bystanders were purged before",
    Unsearched.IMPORTED: "because only imported faces of {it|them} are here",
    Unsearched.NOT_MATCHED: "because matching is not finished",
    Unsearched.NOT_IN_FORCE: "because the case was not in force then",
}


def sentences(answers: Sequence[Compared]) -> tuple[str, ...]:
    """One sentence for all people of whom the same is true, with their names if there are others.

    For example: `Compared with 0 of 41 faces in 0 of 3 recordings (0:00:00.0 of 1:30:00.0); 3 left
    out because nobody says when they were recorded (...).`
    """
    by_sentence: dict[str, list[str]] = {}
    for answer in answers:
        by_sentence.setdefault(sentence(answer), []).append(answer.person)
    if len(by_sentence) == 1:
        return tuple(by_sentence)
    return tuple(f"{_named(names)}: {said}" for said, names in by_sentence.items())


def sentence(answer: Compared) -> str:
    """What one person was compared with, and what was left out and why."""
    did, of = answer.compared, answer.of
    faces, recordings = _noun(of.faces, "face"), _noun(of.recordings, "recording")
    said = (
        f"Compared with {did.faces:,} of {of.faces:,} {faces} in {did.recordings:,} of "
        f"{of.recordings:,} {recordings} ({clock(did.duration_ms)} of {clock(of.duration_ms)})"
    )
    return "; ".join([said, *_details(answer)]) + "."


def _details(answer: Compared) -> list[str]:
    parts = []
    if answer.gaps_ms:
        parts.append(f"{clock(answer.gaps_ms)} in them could not be processed")
    if answer.not_embedded:
        faces = _noun(answer.not_embedded, "face")
        parts.append(f"{answer.not_embedded:,} {faces} in them could not be embedded")
    if answer.undated:
        parts.append(f"the recording time of {answer.undated:,} of them is unknown")
    if not answer.has_photo:
        parts.append("there is no usable photo")
    for why, extent in answer.left_out.items():
        if why in _WHY:
            parts.append(f"{extent.recordings:,} left out {_because(why, extent)}")
    parts += [_by_file(one) for one in answer.by_file]
    if outside := answer.left_out.get(Unsearched.OUTSIDE_WINDOW):
        parts.append(
            f"not counted: {outside.recordings:,} recorded outside the case's recording period"
        )
    return parts


def _because(why: Unsearched, extent: Extent) -> str:
    words = _WHY[why]
    while "{" in words:
        before, _, rest = words.partition("{")
        choice, _, after = rest.partition("}")
        one, _, many = choice.partition("|")
        words = before + (one if extent.recordings == 1 else many) + after
    return words


def _by_file(one: Footage) -> str:
    said = captured_in_words(one.captured_ms, one.captured_by, one.captured_words)
    return f"{one.name}: {said}"


def _noun(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _named(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
