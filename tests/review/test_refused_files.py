"""Files that were refused, as the page of recordings shows them."""

import httpx
from rows import NOW
from test_uploads import hand_in
from visiting import House

from storage.access.accounts import Role
from storage.database.database import writing
from storage.jobs.refusals import Refusal, add


def section(browser: httpx.Client) -> str:
    """What the page says of refused files; empty where it does not."""
    return browser.get("/recordings").text.partition('id="refused"')[2]


def refuse_upload(house: House, browser: httpx.Client, name: str) -> None:
    """No video."""
    hand_in(browser, b"no video", name)
    house.importer.look_round()


def refuse_in_folder(house: House, name: str) -> None:
    """A file of the watched folder."""
    path = f"/secret/{name}"
    refusal = Refusal(path, name, 1, 1, "The file is empty.", NOW)
    with writing(house.site.database) as session:
        add(session, refusal)


def test_who_sees_all_footage_sees_what_was_refused_with_reason_and_time(house: House) -> None:
    refuse_upload(house, house.visit_as(Role.UPLOADER), "gate.mp4")
    refuse_in_folder(house, "yard.mp4")
    shown = section(house.visit_as(Role.ANALYST))
    for said in ("gate.mp4", "damaged", "upload", "yard.mp4", "The file is empty.", "watched fol"):
        assert said in shown
    assert f"{NOW:%Y-%m-%d %H:%M} UTC" in shown
    assert "/secret" not in shown


def test_an_uploader_sees_none_but_their_own(house: House) -> None:
    mine, other = house.visit_as(Role.UPLOADER), house.open_account("other", Role.UPLOADER)
    refuse_upload(house, house.visit(other), "other.mp4")
    refuse_in_folder(house, "yard.mp4")
    refuse_upload(house, mine, "mine.mp4")
    assert section(mine) == ""
    assert "mine.mp4" in mine.get("/recordings").text  # among the uploads, for a day
    house.clock.pass_by(days=2)
    later = section(house.visit_as(Role.UPLOADER))
    assert "mine.mp4" in later
    assert "other.mp4" not in later
    assert "yard.mp4" not in later


def test_the_operator_sees_how_many_and_no_name(house: House) -> None:
    refuse_upload(house, house.visit_as(Role.UPLOADER), "gate.mp4")
    refuse_in_folder(house, "yard.mp4")
    shown = house.visit_as(Role.OPERATOR).get("/queue").text
    assert "rejected files</dt><dd>2" in shown
    assert "gate.mp4" not in shown
