"""YuNet, CenterFace and SFace, with graphs written by hand that see one known face.

The bytes are protocol buffers after ONNX's own description (onnx.proto): the real weights come from
the net, and what is proven here is which number is read as which landmark.
"""

from pathlib import Path

import numpy as np
import pytest

from demo.portraits import portrait
from faces.engine import FaceEngine
from faces.engines.deepface import deepface_engine
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from faces.engines.deepface_runtime import build
from faces.engines.templates import ARCFACE
from faces.models import pull

WIDTH, HEIGHT = 640, 320


def varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def inside(field: int, body: bytes | str) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(data)) + data


def described(name: str, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(inside(1, number(1, size)) for size in shape)
    return inside(1, name) + inside(2, inside(1, number(1, 1) + inside(2, sizes)))


def stored(name: str, values: np.ndarray) -> bytes:
    shape = b"".join(number(1, size) for size in values.shape)
    return shape + number(2, 1) + inside(8, name) + inside(9, values.astype("<f4").tobytes())


def node(kind: str, inputs: list[str], output: str) -> bytes:
    return b"".join(inside(1, name) for name in inputs) + inside(2, output) + inside(4, kind)


def model(
    nodes: list[bytes],
    constants: dict[str, np.ndarray],
    source: tuple[str, tuple[int, ...]],
    outputs: dict[str, tuple[int, ...]],
) -> bytes:
    graph = b"".join(inside(1, body) for body in nodes) + inside(2, "graph")
    graph += b"".join(inside(5, stored(name, values)) for name, values in constants.items())
    graph += inside(11, described(*source))
    graph += b"".join(inside(12, described(*output)) for output in outputs.items())
    return number(1, 8) + inside(7, graph) + inside(8, number(2, 13))


def sees_always(outputs: dict[str, np.ndarray]) -> bytes:
    """A graph that answers the same to every picture."""
    return model(
        [node("Identity", [f"{name}_value"], name) for name in outputs],
        {f"{name}_value": values for name, values in outputs.items()},
        ("input", (1, 3, HEIGHT, WIDTH)),
        {name: values.shape for name, values in outputs.items()},
    )


def yunet(centre: tuple[int, int], offsets: np.ndarray) -> bytes:
    """One face on the grid of 8 pixels; offsets of its landmarks in pixels from the centre."""
    kinds = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    answer = {
        f"{kind}_{step}": np.zeros((1, WIDTH // step * (HEIGHT // step), size), np.float32)
        for kind, size in kinds.items()
        for step in (8, 16, 32)
    }
    cell = centre[1] // 8 * (WIDTH // 8) + centre[0] // 8
    answer["cls_8"][0, cell] = answer["obj_8"][0, cell] = 0.95
    answer["bbox_8"][0, cell] = [0, 0, np.log(96 / 8), np.log(120 / 8)]
    answer["kps_8"][0, cell] = offsets.ravel() / 8
    return sees_always(answer)


def centerface(cell: tuple[int, int], offsets: np.ndarray) -> bytes:
    """One face of 80x100 pixels on the grid of 4; landmarks in fractions of its box."""
    grid = (HEIGHT // 4, WIDTH // 4)
    heat, sizes, shift, points = (np.zeros((1, n, *grid), np.float32) for n in (1, 2, 2, 10))
    x, y = cell
    heat[0, 0, y, x] = 0.8
    sizes[0, :, y, x] = np.log([100 / 4, 80 / 4])
    points[0, :, y, x] = offsets[:, ::-1].ravel()
    return sees_always({"537": heat, "538": sizes, "539": shift, "540": points})


def engine(detector: str, graph: bytes, tmp_path: Path, min_face_px: int = 40) -> FaceEngine:
    given = tmp_path / "given.onnx"
    given.write_bytes(graph)
    pull(detector, tmp_path, given)
    pull("Dlib", tmp_path)
    return deepface_engine(
        "Dlib",
        detector,
        weights_folder=tmp_path,
        device="cpu",
        precision="float32",
        min_face_px=min_face_px,
    )


FACE = (ARCFACE - 56).astype(np.float32)
"""Landmarks about the centre of a face, in the viewer's order."""
CENTRE = np.array([320, 160])


def test_yunets_five_points_are_read_in_the_viewers_order(tmp_path: Path) -> None:
    seeing = engine("yunet", yunet((320, 160), FACE), tmp_path)
    ((face,),) = seeing.detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    assert np.allclose(face.landmarks.points, FACE + CENTRE, atol=0.01)
    assert (face.box.x, face.box.y) == pytest.approx((320 - 48, 160 - 60), abs=0.01)
    assert (face.box.width, face.box.height) == pytest.approx((96, 120), abs=0.01)
    assert face.score == pytest.approx(0.95, abs=1e-5)


def test_yunets_answer_on_a_scaled_picture_is_in_the_frames_pixels(tmp_path: Path) -> None:
    seeing = engine("yunet", yunet((320, 160), FACE), tmp_path)
    ((face,),) = seeing.detect([np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint8)])
    assert np.allclose(face.landmarks.points, 2 * (FACE + CENTRE), atol=0.02)
    assert face.box.width == pytest.approx(192, abs=0.02)


def test_yunets_box_agrees_with_deepfaces_own(tmp_path: Path) -> None:
    seeing = engine("yunet", yunet((320, 160), FACE), tmp_path)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    ((face,),) = seeing.detect([picture])
    (region,) = build(DETECTORS["yunet"], tmp_path).detect_faces(picture)
    box = (face.box.x, face.box.y, face.box.width, face.box.height)
    assert (region.x, region.y, region.w, region.h) == pytest.approx(box, abs=1)
    assert region.right_eye == pytest.approx(face.landmarks.points[0], abs=1)
    assert region.left_eye == pytest.approx(face.landmarks.points[1], abs=1)


def test_a_face_smaller_than_asked_for_is_dropped(tmp_path: Path) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert engine("yunet", yunet((320, 160), FACE), tmp_path, 121).detect([picture]) == [[]]


def test_a_box_past_the_edge_is_cut_to_the_picture(tmp_path: Path) -> None:
    seeing = engine("yunet", yunet((24, 32), FACE), tmp_path)
    ((face,),) = seeing.detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    assert (face.box.x, face.box.y) == (0, 0)
    assert (face.box.width, face.box.height) == pytest.approx((72, 92), abs=0.01)


def test_centerfaces_five_points_are_read_in_the_viewers_order(tmp_path: Path) -> None:
    fractions = FACE / [80, 100] + 0.5
    seeing = engine("centerface", centerface((80, 40), fractions), tmp_path)
    ((face,),) = seeing.detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    middle = np.array([322, 162])  # of cell (80, 40), four pixels wide
    assert np.allclose(face.landmarks.points, FACE + middle, atol=0.05)
    assert (face.box.x, face.box.y) == pytest.approx(middle - [40, 50], abs=0.05)
    assert (face.box.width, face.box.height) == pytest.approx((80, 100), abs=0.05)


def test_sface_gives_the_vectors_of_deepface(tmp_path: Path) -> None:
    means = model(
        [
            node("GlobalAveragePool", ["data"], "pooled"),
            node("Flatten", ["pooled"], "flat"),
            node("MatMul", ["flat", "matrix"], "fc1"),
        ],
        {"matrix": np.random.default_rng(2).normal(size=(3, 128)) / 128},
        ("data", (1, 3, 112, 112)),
        {"fc1": (1, 128)},
    )
    (tmp_path / "sface.onnx").write_bytes(means)
    pull("SFace", tmp_path, tmp_path / "sface.onnx")
    pull("dlib", tmp_path)
    seeing = deepface_engine(
        "SFace",
        "dlib",
        weights_folder=tmp_path,
        device="cpu",
        precision="float32",
        min_face_px=40,
    )
    picture = portrait("astronaut")[20:220, 120:320]
    face = seeing.detect([picture])[0][0]
    chips = seeing.align(picture, [face, face])
    chips[1] //= 2
    own = build(RECOGNISERS["SFace"], tmp_path).forward(chips[..., ::-1].astype(np.float32) / 255)
    assert np.abs(seeing.embed(chips) - np.array(own)).max() < 1e-4
    assert np.abs(np.diff(seeing.embed(chips), axis=0)).max() > 1e-2
