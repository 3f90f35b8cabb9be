"""Candidates on the page: shown one by one, decided on by two people, each look in the log."""

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest
from staged import stage
from visiting import House

from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading, writing
from storage.jobs.control import forget
from storage.results.verdicts import Standing, standings


@pytest.fixture
def case_id(house: House, tmp_path: Path) -> int:
    return stage(house, tmp_path / "footage")


@pytest.fixture
def ann(house: House) -> httpx.Client:
    return house.visit(house.open_account("ann", Role.REVIEWER))


@pytest.fixture
def ben(house: House) -> httpx.Client:
    return house.visit(house.open_account("ben", Role.REVIEWER))


def begin(browser: httpx.Client, case_id: int) -> str:
    """The address of the first candidate, as the page's form names it."""
    page = browser.get(f"/review/{case_id}").text
    return re.findall(r'action="(/review/\d+/\d+/\d+)/verdict"', page)[0]


def say(browser: httpx.Client, place: str, decision: str, **headers: str) -> httpx.Response:
    return browser.post(f"{place}/verdict", data={"decision": decision}, headers=headers)


def standing(house: House, case_id: int) -> Counter[Standing]:
    with reading(house.site.database) as session:
        return Counter(standings(session, case_id).values())


def test_two_reviewers_support_a_candidate_and_one_does_not(
    house: House, case_id: int, ann: httpx.Client, ben: httpx.Client
) -> None:
    place = begin(ann, case_id)
    assert say(ann, place, "same").status_code == 303
    assert standing(house, case_id) == {Standing.HALF: 1}
    again = say(ann, place, "same")
    assert (again.status_code, "another reviewer is needed" in again.text) == (409, True)
    assert say(ben, place, "same").status_code == 303
    assert standing(house, case_id) == {Standing.SUPPORTED: 1}
    assert ann.post(f"{place}/undo").status_code == 409


def test_a_verdict_on_pictures_that_are_no_longer_shown_is_refused(
    house: House, case_id: int, ann: httpx.Client
) -> None:
    place = begin(ann, case_id)
    (shown,) = re.findall(r'name="shown" value="(\w+)"', ann.get(place).text)
    earlier = {"decision": "same", "shown": "of an earlier picture"}
    refused = ann.post(f"{place}/verdict", data=earlier)
    assert (refused.status_code, "compare them again" in refused.text) == (409, True)
    assert standing(house, case_id) == {}
    now = ann.post(f"{place}/verdict", data={"decision": "same", "shown": shown})
    assert (now.status_code, standing(house, case_id)) == (303, {Standing.HALF: 1})


def test_the_page_gives_away_neither_a_number_nor_another_verdict(
    case_id: int, ann: httpx.Client, ben: httpx.Client
) -> None:
    place = begin(ann, case_id)
    before = ben.get(place).text
    say(ann, place, "different")
    assert ben.get(place).text == before
    for word in ("distance", "threshold", "rank", "verdict of"):
        assert word not in before.lower()


def test_htmx_gets_the_next_candidate_and_a_way_back(case_id: int, ann: httpx.Client) -> None:
    place = begin(ann, case_id)
    part = say(ann, place, "same", **{"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Your verdict: <b>same</b>" in part.text
    assert f'hx-post="{place}/undo"' in part.text
    assert part.headers["HX-Push-Url"] != place
    back = ann.post(f"{place}/undo", headers={"HX-Request": "true"})
    assert "Verdict withdrawn" in back.text
    assert back.headers["HX-Push-Url"] == place


def test_when_all_is_decided_the_page_says_so(case_id: int, ann: httpx.Client) -> None:
    for _ in range(3):
        say(ann, begin(ann, case_id), "inconclusive")
    assert "No candidates awaiting your review" in ann.get(f"/review/{case_id}").text
    assert "0 candidates awaiting your review" in ann.get("/review").text


def test_pictures_and_clips_are_shown_and_each_look_is_in_the_log(
    house: House, case_id: int, ann: httpx.Client
) -> None:
    files = begin(ann, case_id).replace("/review/", "/candidates/")
    assert ann.get(f"{files}/crops/0").content.startswith(b"\xff\xd8")
    assert ann.get(f"{files}/references/1").content.startswith(b"\xff\xd8")
    clip = ann.get(f"{files}/clip.mp4")
    assert (clip.headers["content-type"], b"ftyp" in clip.content[:12]) == ("video/mp4", True)
    part = ann.get(f"{files}/clip.mp4", headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, clip.content[:100])
    assert ann.get(f"{files}/clip-unblurred.mp4").status_code == 200
    with reading(house.site.database) as session:
        log = [(one.action, one.objects) for one in entries(session)]
    assert [action for action, _ in log[-6:]] == [
        "candidate_viewed", "crop_viewed", "crop_viewed", *["clip_viewed"] * 3
    ]  # fmt: skip
    assert '"kind":"unblurred"' in log[-1][1]


def test_what_is_not_there_is_gone_in_a_sentence(
    house: House, case_id: int, ann: httpx.Client
) -> None:
    place = begin(ann, case_id)
    files = place.replace("/review/", "/candidates/")
    assert ann.get(f"{files}/crops/99").status_code == 410
    assert ann.get(f"{files}/references/99").status_code == 410
    with writing(house.site.database) as session:
        forget(session, [1])
    for answer in (say(ann, place, "same"), ann.get(place), ann.get(f"{files}/clip.mp4")):
        assert (answer.status_code, "purged" in answer.text) == (410, True)


def test_a_clip_of_footage_that_was_moved_or_changed_is_refused_in_a_sentence(
    case_id: int, ann: httpx.Client, tmp_path: Path
) -> None:
    clip = f"{begin(ann, case_id).replace('/review/', '/candidates/')}/clip.mp4"
    film = tmp_path / "footage" / "=gate <i>1.mp4"
    moved = film.rename(film.with_name("moved.mp4"))
    gone = ann.get(clip)
    assert (gone.status_code, "put it back" in gone.text) == (404, True)
    film.write_bytes(moved.read_bytes() + b"more")
    changed = ann.get(clip)
    assert (changed.status_code, "changed" in changed.text) == (409, True)


def test_an_expired_case_shows_nothing(house: House, case_id: int, ann: httpx.Client) -> None:
    place = begin(ann, case_id)
    house.clock.pass_by(days=31)
    ann = house.visit_as(Role.REVIEWER)
    assert say(ann, place, "same").status_code == 403
    assert "No cases in force" in ann.get("/review").text


def test_names_are_shown_as_they_are(case_id: int, ann: httpx.Client) -> None:
    page = ann.get(begin(ann, case_id)).text
    assert "Red &lt;b&gt;&amp; Co&lt;/b&gt;" in page
    assert "=gate &lt;i&gt;1.mp4" in page
    assert "<i>1" not in page
