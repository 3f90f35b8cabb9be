import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import HOSTILE, UNENCODABLE, crop, sample_report, with_what

from pipeline.analysis.overlaps import SameAs
from report import report as rendering
from report.report import render
from report.report_contents import PersonSection, RecordingRow, Report, SharedFootage
from report.timeline import bar, bars, clock, legible, ticks
from storage.results.reach import Extent

TEMPLATES = Path(rendering.__file__).parent / "templates"
SAMPLE = sample_report()
DASH = "\N{EN DASH}"


class Page(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text = f"{self.text} {' '.join(data.split())}".strip()

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [one for _, one in self.elements if name in (one.get("class") or "").split()]


@pytest.fixture
def report() -> Report:
    return SAMPLE


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(SAMPLE))


def test_the_page_says_what_was_asked_and_what_compared_the_faces(page: Page) -> None:
    for words in ("OP-2024/1187", "24 November 2024, 06:12 UTC", "3f9ac0b1d2e4f567", "CC0"):
        assert words in page.text


def test_the_page_says_that_candidates_are_a_lead_for_a_person_to_judge(page: Page) -> None:
    assert "These are candidates, for human review." in page.text
    assert "investigative lead" in page.text


@pytest.mark.parametrize("calibration", ["", "Expect 3 in 1,000."])
def test_the_page_says_how_many_false_candidates_to_expect_or_that_nobody_knows(
    report: Report, calibration: str
) -> None:
    text = Page(render(dataclasses.replace(report, calibration=calibration))).text
    assert ("Uncalibrated:" in text) == (not calibration)
    assert calibration in text


def test_a_machine_s_result_is_never_called_more_than_a_candidate(report: Report) -> None:
    words = render(report) + "".join(path.read_text() for path in TEMPLATES.glob("report*"))
    assert not re.search(r"identified|match found|confidence|\bmatch(es)?\b", words, re.I)


def test_the_page_fetches_nothing_and_runs_nothing(page: Page) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "form", "base"}
    for _, attributes in page.elements:
        assert (attributes.get("src") or "data:image/jpeg").startswith("data:image/jpeg")
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    style = "".join(path.read_text() for path in TEMPLATES.glob("*.css"))
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_names_are_text_and_cannot_turn_what_is_read(report: Report) -> None:
    html = render(report)
    spelled = HOSTILE.replace("\u202e", r"\u202e")
    assert HOSTILE not in html
    assert "\u202e" not in html
    assert Page(html).text.count(spelled) >= 4


def test_a_name_that_is_not_text_is_spelled_out(page: Page) -> None:
    assert r"caf\udce9.mp4" in page.text
    assert page.text.encode()
    assert UNENCODABLE not in page.text


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_name_can_be_written_and_never_becomes_markup(name: str) -> None:
    report = dataclasses.replace(
        SAMPLE,
        persons=(PersonSection(name, (), (), with_what(name)),),
        recordings=(RecordingRow(name, name, 1000, "done"),),
    )
    plain = dataclasses.replace(
        report,
        persons=(PersonSection("x", (), (), with_what("x")),),
        recordings=(RecordingRow("x", "x", 1000, "done"),),
    )
    html = render(report)
    assert html.encode()
    assert [tag for tag, _ in Page(html).elements] == [
        tag for tag, _ in Page(render(plain)).elements
    ]


def test_candidates_stand_in_order_of_rank_each_with_its_times(page: Page) -> None:
    ids = [one["id"] for one in page.with_class("card")]
    assert ids == [f"person-1-candidate-{rank}" for rank in (1, 2, 3)]
    assert f"0:20:04.5 {DASH} 0:20:19.0" in page.text
    assert "0:00:14.5 a single frame" in page.text


def test_every_candidate_on_a_strip_leads_to_its_card(page: Page) -> None:
    targets = {one["href"] for tag, one in page.elements if tag == "a"}
    assert targets == {f"#person-1-candidate-{rank}" for rank in (1, 2, 3)}


def test_a_candidate_of_one_frame_is_still_wide_enough_to_be_seen(page: Page) -> None:
    widths = [
        one["width"]
        for tag, one in page.elements
        if one.get("class") == "candidate" and tag == "rect"
    ]
    assert all(float((width or "").rstrip("%")) >= 0.15 for width in widths)


def test_no_candidate_is_a_result_and_says_at_which_threshold(page: Page) -> None:
    assert (
        "No face that was compared is at or below 0.400. Compared with 12 of 12 faces in 3 of 3 "
        "recordings (1:39:16.9 of 1:39:16.9); 0:01:36.0 in them could not be processed."
    ) in page.text


def test_a_moment_that_was_seen_twice_is_shown_twice_and_counted_once(report: Report) -> None:
    (person, *others), (first, *rest) = report.persons, report.recordings
    best, second, *more = person.candidates
    first_seen = SameAs(first.name, 1_000, best.listed.row.rank)
    repeat = dataclasses.replace(
        second, listed=dataclasses.replace(second.listed, same_as=first_seen)
    )
    twice = dataclasses.replace(person, candidates=(best, repeat, *more))
    shared = SharedFootage(first.name, 10_000, 40_000, -5_000)
    other = dataclasses.replace(rest[0], shared=(shared,))
    page = Page(
        render(
            dataclasses.replace(
                report, persons=(twice, *others), recordings=(first, other, *rest[1:])
            )
        )
    )
    assert "3 candidates (2 different moments)" in page.text
    assert "The same moment as rank 1" in page.text
    assert "there from 0:00:10.0 to 0:00:40.0" in page.text
    assert "This recording begins 0:00:05.0 before that one." in page.text


def test_a_person_without_a_usable_photo_was_compared_with_nothing(report: Report) -> None:
    nothing = with_what("Nobody", compared=Extent(), has_photo=False, gaps_ms=0)
    nobody = dataclasses.replace(report, persons=(PersonSection("Nobody", (), (), nothing),))
    text = Page(render(nobody)).text
    assert "Compared with 0 of 12 faces in 0 of 3 recordings" in text
    assert "there is no usable photo." in text
    assert "No face that was compared" not in text


def test_what_was_not_looked_at_is_told_and_hatched(page: Page) -> None:
    assert "0:01:36.0 not analysed, 1 file rejected" in page.text
    assert f"Not analysed: 0:10:40.0 {DASH} 0:12:10.0 , 0:30:06.0 {DASH} 0:30:12.0" in page.text
    assert "analysed, with gaps" in page.text
    assert "Length in header 0:45:00.0" in page.text
    hatched = [one for one in page.with_class("gap") if one.get("fill") == "url(#hatch)"]
    assert len(hatched) == 4, "two gaps, on the person's strip and on the recording's"


def test_a_refused_file_is_listed_with_its_reason(page: Page) -> None:
    assert "This is a playlist, and it was not opened." in page.text


@pytest.mark.parametrize("state", ["waiting", "running", "matching", "done", "gaps", "failed"])
def test_every_state_of_a_recording_has_its_words(report: Report, state: str) -> None:
    one = dataclasses.replace(report.recordings[0], state=state, duration_ms=0)
    rendered = render(dataclasses.replace(report, persons=(), recordings=(one,)))
    assert Page(rendered).with_class("state")


def test_a_report_of_nothing_is_a_page(report: Report) -> None:
    empty = dataclasses.replace(
        report, persons=(), recordings=(), refused=(), case=(), case_reference=""
    )
    assert "No recordings." in Page(render(empty)).text


def test_pictures_are_inside_the_page_byte_for_byte(page: Page) -> None:
    sources = {one["src"] for tag, one in page.elements if tag == "img"}
    assert rendering._data_uri(crop("grace_hopper")) in sources


def test_the_same_report_is_the_same_page(report: Report) -> None:
    assert render(report) == render(report)


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0:00:00.0"), (949, "0:00:00.9"), (59_950, "0:01:00.0"), (3_723_400, "1:02:03.4")],
)
def test_a_time_is_written_to_the_tenth_of_a_second(ms: int, words: str) -> None:
    assert clock(ms) == words


@given(st.integers(0, 10**10))
def test_ticks_are_few_in_order_and_end_at_the_end(duration_ms: int) -> None:
    places = [tick.x for tick in ticks(duration_ms)]
    assert places == sorted(places)
    assert len(places) <= 7
    assert places[-1] == (100 if duration_ms else 0)


@given(
    st.lists(st.tuples(st.integers(-1000, 10**8), st.integers(-1000, 10**8))), st.integers(0, 10**8)
)
def test_bars_never_leave_the_strip_and_are_never_too_many(
    spans: list[tuple[int, int]], duration_ms: int
) -> None:
    drawn = bars([(min(span), max(span)) for span in spans], duration_ms)
    assert len(drawn) <= 1002
    assert all(one.x >= 0 and one.x + one.width <= 100.001 for one in drawn)


def test_touching_appearances_are_drawn_as_one_bar() -> None:
    assert bars([(500, 700), (0, 400), (400, 450)], 1000) == [
        bar((0, 450), 1000),
        bar((500, 700), 1000),
    ]


def test_ranks_that_would_overlap_are_left_out_the_more_important_first() -> None:
    assert legible([50, 51, 20, 53.5]) == [True, False, True, True]
