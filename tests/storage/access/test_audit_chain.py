"""Whatever is done to a log is found, here and by the verifier that stands alone."""

import importlib.util
import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import NOW

from storage.access.chain import (
    BEGINNING,
    Broken,
    Entry,
    canonical,
    first_broken,
    hash_of,
    read_line,
    stamp,
)

SCRIPT = Path(__file__).parents[3] / "deploy/audit_verifier.py"
_spec = importlib.util.spec_from_file_location("audit_verifier", SCRIPT)
assert _spec and _spec.loader
verifier: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verifier)


def chained(number: int) -> list[Entry]:
    """A log of so many entries."""
    log: list[Entry] = []
    for position in range(1, number + 1):
        said = (
            stamp(NOW + timedelta(seconds=position)),
            f"account:{position % 3}",
            "searched",
            position % 4 or None,
            canonical({"person_ids": [position], "threshold": 0.4, "engine": "stub"}),
        )
        previous = log[-1].hash if log else BEGINNING
        log.append(Entry(position, *said, hash_of(previous, position, *said)))
    return log


LOG = chained(40)
SIGNED = {len(LOG): LOG[-1].hash}
FIELDS = {
    "position": st.integers(0, 50),
    "at": st.sampled_from([stamp(NOW), "2026"]),
    "actor": st.sampled_from(["account:9", "uid:0"]),
    "action": st.sampled_from(["exported", "purged"]),
    "case_id": st.sampled_from([None, 1, 99]),
    "objects": st.sampled_from(["{}", '{"person_ids":[99]}']),
    "hash": st.sampled_from([BEGINNING, LOG[3].hash]),
}


def broken_in(log: list[Entry], expected: dict[int, str]) -> Broken | None:
    """What both verifiers say, who must agree on where."""
    lines = [entry.line + "\n" for entry in log]
    ours = first_broken(log, expected)
    theirs, _ = verifier.first_bad(lines, expected)
    assert (ours and ours.position) == (theirs and theirs[0])
    assert first_broken(map(read_line, range(1, len(lines) + 1), lines), expected) == ours
    return ours


def test_a_whole_log_is_whole() -> None:
    assert broken_in(LOG, SIGNED) is None
    assert broken_in([], {}) is None


@settings(max_examples=150)
@given(place=st.integers(0, 39), data=st.data(), name=st.sampled_from(sorted(FIELDS)))
def test_an_edit_is_found_where_it_was_made(place: int, data: st.DataObject, name: str) -> None:
    edited = replace(LOG[place], **{name: data.draw(FIELDS[name])})
    log = [*LOG[:place], edited, *LOG[place + 1 :]]
    found = broken_in(log, SIGNED)
    assert (found is None) == (edited == LOG[place])
    assert found is None or found.position == place + 1


@settings(max_examples=60)
@given(a=st.integers(0, 39), b=st.integers(0, 39))
def test_a_swap_is_found_where_it_begins(a: int, b: int) -> None:
    log = list(LOG)
    log[a], log[b] = log[b], log[a]
    found = broken_in(log, SIGNED)
    assert found == None if a == b else found and found.position == min(a, b) + 1  # noqa: E711


@settings(max_examples=40)
@given(place=st.integers(0, 38))
def test_a_deletion_and_an_insertion_are_found(place: int) -> None:
    gone = broken_in([*LOG[:place], *LOG[place + 1 :]], {})
    twice = broken_in([*LOG[: place + 1], *LOG[place:]], {})
    assert gone and gone.position == place + 1
    assert twice and twice.position == place + 2


@settings(max_examples=40)
@given(kept=st.integers(0, 39))
def test_a_truncation_is_found_with_a_checkpoint_and_not_without(kept: int) -> None:
    assert broken_in(LOG[:kept], {}) is None
    found = broken_in(LOG[:kept], SIGNED)
    assert found and found.position == kept + 1


def test_a_log_that_was_rewritten_is_found_with_a_checkpoint() -> None:
    rewritten = chained(41)[1:]
    renumbered: list[Entry] = []
    for position, one in enumerate(rewritten, start=1):
        previous = renumbered[-1].hash if renumbered else BEGINNING
        said = (one.at, one.actor, one.action, one.case_id, one.objects)
        renumbered.append(Entry(position, *said, hash_of(previous, position, *said)))
    assert broken_in(renumbered, {}) is None
    assert broken_in(renumbered, SIGNED) == Broken(40, "A checkpoint was made for another entry.")


@settings(max_examples=200)
@given(seed=st.integers(0, 10**9))
def test_any_changed_byte_of_an_export_is_found(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(entry.line + "\n" for entry in LOG)
    place = chance.randrange(len(text) - 1)
    altered = text[:place] + chance.choice('09af"{ ,:\n') + text[place + 1 :]
    lines = altered.splitlines(keepends=True)
    found = first_broken(map(read_line, range(1, len(lines) + 1), lines), SIGNED)
    assert (found is None) == (altered == text)
    assert (verifier.first_bad(lines, SIGNED)[0] is None) == (altered == text)


@pytest.mark.parametrize("line", ["", "\n", "null\n", "[]\n", "{}\n", "[" * 100_000])
def test_a_line_that_is_no_entry_is_bad_and_no_error(line: str) -> None:
    assert first_broken([read_line(1, line)], {}) is not None
    assert verifier.first_bad([line], {})[0] is not None


def test_the_line_of_an_entry_is_canonical_json() -> None:
    assert canonical(json.loads(LOG[0].line)) == LOG[0].line
