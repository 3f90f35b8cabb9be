"""Reference photos are judged before anybody is searched for with them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from painted import BLUE, GREEN, RED, paint_photo
from PIL import Image, ImageFilter

from demo.portraits import FOLDER, portrait
from faces.engine import FaceEngine
from faces.engines import build_engine
from faces.engines.stub import StubEngine
from pipeline.people.portraits import LONGEST_SIDE_PX, examine, read_photo

NOBODY = 65534


@pytest.fixture(scope="session")
def dlib() -> FaceEngine:
    """The engine for real faces, as the command line has it for photos."""
    return build_engine(
        "dlib", min_face_px=40, device="cpu", precision="float32", weights_folder=Path()
    )


def head(name: str, side: int) -> Image.Image:
    """Head and shoulders of one of the two people of the demo."""
    left, top, right, bottom = {"astronaut": (90, 0, 370, 280), "grace_hopper": (80, 40, 480, 440)}[
        name
    ]
    return Image.fromarray(portrait(name)[top:bottom, left:right]).resize((side, side))


def wall(*heads: Image.Image, side: int = 700) -> Image.Image:
    """A wall with these pictures on it."""
    made = Image.new("RGB", (side, side), (120, 115, 110))
    for place, picture in enumerate(heads):
        made.paste(picture, (20 + 230 * (place % 3), 20 + 300 * (place // 3)))
    return made


def verdict(photo: Image.Image, engine: FaceEngine, tmp_path: Path) -> str:
    """What is said of a photo."""
    path = tmp_path / "photo.png"
    photo.save(path)
    return examine(path, engine).verdict


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so be somebody else for a while."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(me)


def test_a_clear_portrait_is_good(dlib: FaceEngine) -> None:
    seen = examine(FOLDER / "astronaut.jpg", dlib)

    assert (seen.verdict, seen.usable) == ("good", True)
    assert seen.quality > 0.6
    assert seen.vector is not None
    assert seen.vector.shape == (128,)
    assert len(seen.sha256) == 64


def test_a_photo_without_a_face_is_refused(dlib: FaceEngine, tmp_path: Path) -> None:
    said = verdict(wall(), dlib, tmp_path)
    assert said == "No face was found in it; use a photo that shows one from the front."


def test_a_photo_of_five_faces_is_refused(dlib: FaceEngine, tmp_path: Path) -> None:
    names = ["astronaut", "grace_hopper", "astronaut", "grace_hopper", "astronaut"]
    said = verdict(wall(*(head(name, 220) for name in names)), dlib, tmp_path)
    assert said == "It shows 5 faces; crop it to one person."


def test_a_face_that_is_too_small_is_refused(dlib: FaceEngine, tmp_path: Path) -> None:
    said = verdict(wall(head("astronaut", 110)), dlib, tmp_path)
    assert said.startswith("The face is too small: ")
    assert said.endswith(" px wide, and at least 60 are needed.")


def test_a_face_that_is_too_blurred_is_refused(dlib: FaceEngine, tmp_path: Path) -> None:
    blurred = head("astronaut", 600).filter(ImageFilter.GaussianBlur(11))
    said = verdict(wall(blurred), dlib, tmp_path)
    assert said == "The face is too blurred to search with; use a sharper photo."


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off", b"%PDF-1.4"])
def test_a_file_that_is_no_picture_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    assert examine(file, StubEngine()).verdict == "It is not a picture that can be read."


def test_a_picture_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    file = paint_photo(tmp_path / "red.png", RED)
    file.write_bytes(file.read_bytes()[:-200])
    assert examine(file, StubEngine()).verdict == "It is not a picture that can be read."


@pytest.mark.parametrize("size", [(10_001, 10_000), (20_000, 20_000)])
def test_an_absurdly_large_picture_is_refused_unread(size: tuple[int, int], tmp_path: Path) -> None:
    file = tmp_path / "huge.png"
    Image.new("1", size).save(file)
    said = examine(file, StubEngine()).verdict
    assert said == "It has more than 100 million pixels; scale it down."


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device"])
def test_what_is_no_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    seen = examine(path, StubEngine())
    assert (seen.usable, seen.sha256) == (False, "")
    said = "It cannot be read: no such" if kind == "missing" else "It is a folder or a device"
    assert seen.verdict.startswith(said)


def test_a_file_too_large_for_a_photo_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "film.jpg"
    with file.open("wb") as stream:
        stream.truncate(300_000_000)
    assert examine(file, StubEngine()).verdict == "It is larger than 200 MB; scale it down."


def test_an_unreadable_photo_is_a_verdict(tmp_path: Path) -> None:
    file = paint_photo(tmp_path / "red.png", RED)
    file.chmod(0)
    with as_nobody():
        said = examine(file, StubEngine()).verdict
    assert said == "It cannot be read: permission denied."


def test_a_photo_taken_sideways_is_turned_upright(tmp_path: Path) -> None:
    file = tmp_path / "sideways.jpg"
    picture = Image.open(paint_photo(tmp_path / "red.png", RED))
    orientation = Image.Exif()
    orientation[0x0112] = 6  # to be turned by 90 degrees clockwise
    picture.save(file, exif=orientation)
    assert read_photo(file).shape == (picture.width, picture.height, 3)


def test_a_large_photo_is_scaled_down(tmp_path: Path) -> None:
    file = tmp_path / "large.jpg"
    Image.new("RGB", (4000, 3000), BLUE).save(file)
    assert read_photo(file).shape == (LONGEST_SIDE_PX * 3 // 4, LONGEST_SIDE_PX, 3)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_pictures_of_any_colour_model_are_read(mode: str, tmp_path: Path) -> None:
    file = tmp_path / ("photo.tiff" if mode in ("CMYK", "I;16") else "photo.png")
    Image.new(mode, (64, 48)).save(file)
    image = read_photo(file)
    assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)


def test_several_photos_of_several_people_have_each_their_verdict(tmp_path: Path) -> None:
    photos = [
        paint_photo(tmp_path / "good.png", RED),
        paint_photo(tmp_path / "three.png", RED, GREEN, BLUE),
        paint_photo(tmp_path / "small.png", RED, side=45),
    ]
    said = [examine(photo, StubEngine(min_face_px=40)).verdict for photo in photos]
    assert said == [
        "good",
        "It shows 3 faces; crop it to one person.",
        "The face is too small: 45 px wide, and at least 60 are needed.",
    ]
