"""Handing files in: streams that break off, and people who say what is not so."""

import base64
import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from painted import RED, Stay, paint
from rows import NOW, TERMS
from visiting import House, log_in
from waiting import wait_until

from pipeline.intake import receive
from review.sessions import form_token_of
from review.tus import STREAM, shown_name
from storage.access.accounts import Role
from storage.cases import case_terms
from storage.database.database import reading, writing
from storage.jobs import uploads
from storage.jobs.listing import all_analyses
from storage.jobs.progress import outcomes
from storage.jobs.uploads import Upload

SPEAK = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of footage."""
    return paint(tmp_path_factory.mktemp("film") / "film.mp4", 3, Stay(RED, 1, 2)).read_bytes()


def begin(
    browser: httpx.Client,
    size: int,
    name: str = "gate.mp4",
    case: str = "",
    at: str = "/uploads",
) -> httpx.Response:
    """Announce a file."""
    pairs = [("filename", name), ("case", case), ("filetype", "video/mp4")]
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs
    )
    headers = {**SPEAK, "Upload-Length": str(size), "Upload-Metadata": metadata}
    return browser.post(at, headers=headers)


def send(browser: httpx.Client, place: str, offset: int, content: bytes) -> httpx.Response:
    """Send bytes from an offset on."""
    headers = {**SPEAK, "Upload-Offset": str(offset), "Content-Type": STREAM}
    return browser.patch(place, headers=headers, content=content)


def offset_of(browser: httpx.Client, place: str) -> int:
    """Where to go on."""
    return int(browser.head(place, headers=SPEAK).headers["Upload-Offset"])


def hand_in(browser: httpx.Client, content: bytes, name: str = "gate.mp4", **others: str) -> str:
    """The whole of it at once; returns where."""
    place = begin(browser, len(content), name, **others).headers["location"]
    assert send(browser, place, 0, content).status_code == 204
    return place


def became(house: House, place: str) -> Upload:
    """What became of an upload, once the importer has looked round."""
    house.importer.look_round()
    with reading(house.site.database) as session:
        row = session.get(uploads.tables.Upload, place.rpartition("/")[2])
        assert row is not None
        return uploads.find(session, row.id, account_id=row.account_id)


@pytest.fixture
def ann(house: House) -> httpx.Client:
    return house.visit_as(Role.UPLOADER)


def test_a_file_in_pieces_is_footage_once_it_is_whole(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    place = begin(ann, len(film)).headers["location"]
    assert offset_of(ann, place) == 0
    half = len(film) // 2
    assert send(ann, place, 0, film[:half]).headers["Upload-Offset"] == str(half)
    assert became(house, place).stage == "coming"
    assert send(ann, place, half, film[half:]).headers["Upload-Offset"] == str(len(film))
    assert became(house, place).stage == "taken"
    with reading(house.site.database) as session:
        (came,) = outcomes(session, all_analyses(session))
    assert came.name == "gate.mp4"
    assert (house.site.inbox.footage / came.sha256).read_bytes() == film
    assert list(house.site.inbox.coming.iterdir()) == []


def test_what_had_come_when_the_line_broke_is_kept(house: House, ann: httpx.Client) -> None:
    content = os.urandom(3_000_000)
    place = begin(ann, len(content)).headers["location"]
    file = house.site.inbox.file(place.rpartition("/")[2])

    def broken() -> Iterator[bytes]:
        yield content[:2_000_000]
        wait_until(lambda: file.stat().st_size)
        raise ConnectionResetError(errno.ECONNRESET, "the line broke")

    headers = {**SPEAK, "Upload-Offset": "0", "Content-Type": STREAM}
    with pytest.raises(ConnectionResetError):
        ann.patch(place, headers=headers | {"Content-Length": "3000000"}, content=broken())
    wait_until(lambda: send(ann, place, came := offset_of(ann, place), content[came:]).is_success)
    assert file.read_bytes() == content


def test_a_piece_that_was_sent_twice_changes_nothing(ann: httpx.Client, film: bytes) -> None:
    place = begin(ann, len(film)).headers["location"]
    send(ann, place, 0, film[:1000])
    assert send(ann, place, 0, film[:1000]).status_code == 409
    assert send(ann, place, 2000, film[2000:]).status_code == 409
    assert offset_of(ann, place) == 1000


def test_more_bytes_than_were_announced_are_refused(ann: httpx.Client, film: bytes) -> None:
    place = begin(ann, 1000).headers["location"]
    assert send(ann, place, 0, film[:2000]).status_code == 413
    assert offset_of(ann, place) == 0


def test_a_file_that_is_no_video_is_refused_whatever_it_is_called(
    house: House, ann: httpx.Client
) -> None:
    upload = became(house, hand_in(ann, b"not a video file\n" * 1000, "gate.mp4"))
    assert upload.stage == "refused"
    assert "not a video file" in (upload.reason or "")
    assert list(house.site.inbox.coming.iterdir()) == []
    assert f"Rejected {NOW:%Y-%m-%d %H:%M} UTC: The file is damaged" in ann.get("/recordings").text


@pytest.mark.parametrize(("size", "status"), [("0", 422), ("-1", 422), ("x", 422), ("9" * 12, 413)])
def test_a_size_that_cannot_be_is_refused(ann: httpx.Client, size: str, status: int) -> None:
    answer = ann.post("/uploads", headers={**SPEAK, "Upload-Length": size})
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert answer.headers["tus-resumable"] == "1.0.0"


def test_two_people_who_hand_the_same_file_in_have_one_recording(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    bob = house.visit_as(Role.ANALYST)
    first, second = hand_in(ann, film, "gate.mp4"), hand_in(bob, film, "copy.mp4")
    one, other = became(house, first), became(house, second)
    assert (one.recording_id, one.known_before) == (other.recording_id, False)
    assert other.known_before
    assert [len(list(house.site.inbox.footage.iterdir()))] == [1]
    assert "gate.mp4" in bob.get("/recordings").text


def test_an_upload_is_nobody_elses(house: House, ann: httpx.Client, film: bytes) -> None:
    place = begin(ann, len(film)).headers["location"]
    bob = house.visit_as(Role.ANALYST)
    assert bob.head(place, headers=SPEAK).status_code == 404
    assert send(bob, place, 0, film).status_code == 404
    assert bob.delete(place, headers=SPEAK).status_code == 404
    assert offset_of(ann, place) == 0


def test_an_uploader_sees_their_own_recordings_only(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    bob = house.visit_as(Role.UPLOADER, Role.AUDITOR)
    analysis = became(house, hand_in(ann, film)).analysis_id
    assert "gate.mp4" in ann.get("/recordings").text
    assert ann.get(f"/recordings/{analysis}").status_code == 200
    assert "gate.mp4" not in bob.get("/recordings").text
    assert bob.get(f"/recordings/{analysis}").status_code == 404


def test_a_session_that_ends_in_the_middle_is_gone_on_from_after_the_next_login(
    house: House, film: bytes
) -> None:
    account = house.open_account("ann", Role.UPLOADER)
    browser = house.visit(account)
    place = begin(browser, len(film)).headers["location"]
    send(browser, place, 0, film[:1000])
    house.clock.pass_by(hours=13)
    assert send(browser, place, 1000, film[1000:]).status_code == 401
    again = house.browser()
    log_in(again, "ann")
    again.headers["x-form-token"] = form_token_of(again.cookies["nightreel"])
    assert offset_of(again, place) == 1000
    assert send(again, place, 1000, film[1000:]).status_code == 204
    assert became(house, place).stage == "taken"


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """No file may grow beyond: the same answer from the kernel, as from a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_in_the_middle_is_said_and_gone_on_from(
    house: House, ann: httpx.Client
) -> None:
    content = os.urandom(6_000_000)
    place = begin(ann, len(content)).headers["location"]
    with disk_with_room_for(4_000_000):
        answer = send(ann, place, 0, content)
    assert answer.status_code == 507
    assert "free some space" in answer.json()["detail"]
    came = offset_of(ann, place)
    assert came == 4_000_000
    assert send(ann, place, came, content[came:]).status_code == 204
    assert house.site.inbox.file(place.rpartition("/")[2]).read_bytes() == content


def test_a_file_that_has_no_room_is_refused_before_a_byte_comes(
    house: House, ann: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "LEAST_FREE_BYTES", 1 << 60)
    assert begin(ann, 1000).status_code == 507
    with reading(house.site.database) as session:
        assert uploads.coming(session) == []


def test_an_upload_that_is_coming_already_is_busy(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    place = begin(ann, len(film)).headers["location"]
    with house.site.inbox.hold(place.rpartition("/")[2]):
        assert send(ann, place, 0, film).status_code == 423
    assert send(ann, place, 0, film).status_code == 204


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\night\\gate.mp4", "gate.mp4"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("..", ".."),
        ("a\x00b\n.mp4", "a\\x00b\\n.mp4"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("=cmd|' /C calc'!A0.mp4", "C calc'!A0.mp4"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_odd_names_become_names_that_can_be_shown(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_a_name_is_shown_as_text_and_never_a_name_on_the_disk(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    became(house, hand_in(ann, film, "<img src=x onerror=alert(1)>.mp4"))
    text = ann.get("/recordings").text
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;.mp4" in text
    names = [path.name for path in house.site.inbox.footage.iterdir()]
    assert [len(name) for name in names] == [64]


def test_an_upload_for_a_case_belongs_to_it(house: House, ann: httpx.Client, film: bytes) -> None:
    with writing(house.site.database) as session:
        case = case_terms.open_case(session, reference="2026-1", now=house.clock(), **TERMS)
    upload = became(house, hand_in(ann, film, case="2026-1"))
    assert upload.case_id == case.id
    assert begin(ann, 1000, case="2026-2").status_code == 403
    house.clock.pass_by(days=31)
    assert begin(house.visit_as(Role.ANALYST), 1000, case="2026-1").status_code == 403


def test_an_upload_that_is_given_up_leaves_nothing(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    place = begin(ann, len(film)).headers["location"]
    send(ann, place, 0, film[:1000])
    assert ann.delete(place, headers=SPEAK).status_code == 204
    assert ann.head(place, headers=SPEAK).status_code == 404
    assert list(house.site.inbox.coming.iterdir()) == []


def test_an_abandoned_upload_is_swept(house: House, ann: httpx.Client, film: bytes) -> None:
    place = begin(ann, len(film)).headers["location"]
    send(ann, place, 0, film[:1000])
    house.clock.pass_by(days=2, hours=23)
    house.importer.look_round()
    assert len(list(house.site.inbox.coming.iterdir())) == 1
    house.clock.now += timedelta(hours=2)
    house.importer.look_round()
    assert list(house.site.inbox.coming.iterdir()) == []
    assert house.visit_as(Role.UPLOADER).head(place, headers=SPEAK).status_code == 404


def test_an_upload_whose_last_byte_was_not_noted_is_taken_all_the_same(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    place = begin(ann, len(film)).headers["location"]
    house.site.inbox.file(place.rpartition("/")[2]).write_bytes(film)  # and then a power cut
    assert became(house, place).stage == "taken"


def test_looking_twice_equals_looking_once(house: House, ann: httpx.Client, film: bytes) -> None:
    place = hand_in(ann, film)
    once = became(house, place)
    assert became(house, place) == once


def test_another_version_and_another_kind_of_body_are_refused(ann: httpx.Client) -> None:
    answer = ann.post("/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "10"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    place = begin(ann, 10).headers["location"]
    headers = {**SPEAK, "Upload-Offset": "0", "Content-Type": "text/plain"}
    assert ann.patch(place, headers=headers, content=b"x").status_code == 415


def test_the_server_says_what_it_speaks(ann: httpx.Client) -> None:
    headers = ann.options("/uploads").headers
    assert headers["tus-version"] == "1.0.0"
    assert headers["tus-extension"] == "creation,termination"
    assert int(headers["tus-max-size"]) == 64 * 10**9


def test_files_that_are_handed_in_are_for_their_owner_alone(
    house: House, ann: httpx.Client, film: bytes
) -> None:
    became(house, hand_in(ann, film))
    inbox = house.site.inbox
    paths: list[Path] = [inbox.coming, inbox.footage, *inbox.footage.iterdir()]
    assert [path for path in paths if path.stat().st_mode & 0o077] == []
