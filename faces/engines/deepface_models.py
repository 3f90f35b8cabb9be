"""The models of DeepFace 0.0.103 as plain values: eleven recognisers, twenty detectors.

Dimensions, input sizes and weight file names are those of DeepFace's torch backend; thresholds are
the cosine thresholds of its `config/threshold.py`. `commercial_use` is False if the weights (not
the code) are for research only, or if their terms could not be established.
"""

from collections.abc import Mapping
from typing import TypeVar

from errors import ModelUnavailable
from faces.engine import ModelCard
from faces.engines.deepface_parts import (
    ARCFACE_CROP,
    DLIB_CROP,
    FACENET_CROP,
    OPENFACE_CROP,
    VGGFACE_CROP,
    Detector,
    Part,
    Recogniser,
)

_FACENET = "MIT (facenet); trained on academic data"
_YOLO = "AGPL-3.0 (ultralytics), weights by third parties"

_RECOGNISERS = (
    Recogniser(
        name="VGG-Face",
        dimension=4096,
        threshold=0.68,
        side=224,
        crop=VGGFACE_CROP,
        unit_length=True,
        licence="CC BY-NC",
        commercial_use=False,
        weights=("vgg_face_weights.pth",),
    ),
    Recogniser(
        name="Facenet",
        dimension=128,
        threshold=0.40,
        side=160,
        crop=FACENET_CROP,
        licence=_FACENET,
        weights=("facenet_weights.pth",),
    ),
    Recogniser(
        name="Facenet512",
        dimension=512,
        threshold=0.30,
        side=160,
        crop=FACENET_CROP,
        licence=_FACENET,
        weights=("facenet512_weights.pth",),
    ),
    Recogniser(
        name="OpenFace",
        dimension=128,
        threshold=0.10,
        side=96,
        crop=OPENFACE_CROP,
        licence="Apache-2.0",
        weights=("openface_weights.pth",),
    ),
    Recogniser(
        name="DeepFace",
        dimension=4096,
        threshold=0.23,
        side=152,
        crop=VGGFACE_CROP,
        licence="MIT (swghosh/DeepFace); trained on academic data",
        weights=("VGGFace2_DeepFace_weights_val-0.9034.pth",),
    ),
    Recogniser(
        name="DeepID",
        dimension=160,
        threshold=0.015,
        side=55,
        width=47,
        crop=VGGFACE_CROP,
        licence="unknown",
        commercial_use=False,
        weights=("deepid_weights.pth",),
    ),
    Recogniser(
        name="Dlib",
        dimension=128,
        threshold=0.07,
        side=150,
        crop=DLIB_CROP,
        network="other",
        licence="public domain (code: Boost)",
        weights=("dlib_face_recognition_resnet_model_v1.dat",),
        package="dlib",
    ),
    Recogniser(
        name="ArcFace",
        dimension=512,
        threshold=0.68,
        side=112,
        crop=ARCFACE_CROP,
        licence="MIT code, weights for non-commercial research",
        commercial_use=False,
        weights=("arcface_weights.pth",),
    ),
    Recogniser(
        name="SFace",
        dimension=128,
        threshold=0.593,
        side=112,
        crop=ARCFACE_CROP,
        network="other",
        licence="Apache-2.0",
        weights=("face_recognition_sface_2021dec.onnx",),
        package="onnxruntime",
    ),
    Recogniser(
        name="GhostFaceNet",
        dimension=512,
        threshold=0.65,
        side=112,
        crop=ARCFACE_CROP,
        licence="MIT code, weights trained on non-commercial data (MS1MV3)",
        commercial_use=False,
        weights=("ghostfacenet_v1.pth",),
    ),
    Recogniser(
        name="Buffalo_L",
        dimension=512,
        threshold=0.55,
        side=112,
        crop=ARCFACE_CROP,
        network="other",
        licence="insightface, weights for non-commercial research",
        commercial_use=False,
        weights=("buffalo_l/webface_r50.onnx",),
        package="insightface",
    ),
)
_YOLO_NAMES = "v8n v8m v8l v11n v11s v11m v11l v12n v12s v12m v12l"

_DETECTORS = (
    Detector(name="yunet", licence="MIT", weights=("face_detection_yunet_2023mar.onnx",)),
    Detector(
        name="retinaface",
        licence="MIT code, weights descend from insightface's (non-commercial research)",
        commercial_use=False,
        weights=("retinaface.pth",),
        package="retinaface",
        install="retina-face",
    ),
    Detector(name="centerface", licence="MIT", weights=("centerface.onnx",)),
    Detector(name="mtcnn", licence="MIT", package="mtcnn"),
    Detector(name="fastmtcnn", licence="MIT", package="facenet_pytorch", install="facenet-pytorch"),
    Detector(name="mediapipe", licence="Apache-2.0", package="mediapipe"),
    Detector(
        name="opencv",
        licence="Intel/BSD",
        weights=("haarcascade_frontalface_default.xml", "haarcascade_eye.xml"),
    ),
    Detector(
        name="ssd",
        licence="BSD",
        weights=("deploy.prototxt", "res10_300x300_ssd_iter_140000.caffemodel"),
    ),
    Detector(
        name="dlib",
        licence="Boost, landmarks in the public domain",
        weights=("shape_predictor_5_face_landmarks.dat",),
        package="dlib",
    ),
    *(
        Detector(
            name=f"yolo{version}",
            licence=_YOLO,
            commercial_use=False,
            weights=(f"yolo{version}-face.pt",),
            package="ultralytics",
        )
        for version in _YOLO_NAMES.split()
    ),
)
RECOGNISERS: Mapping[str, Recogniser] = {part.name: part for part in _RECOGNISERS}
DETECTORS: Mapping[str, Detector] = {part.name: part for part in _DETECTORS}

P = TypeVar("P", bound=Part)


def choose(kind: str, parts: Mapping[str, P], name: str) -> P:
    """The part of this name. Raises ModelUnavailable, listing the parts, for an unknown name."""
    if name not in parts:
        names = ", ".join(parts)
        raise ModelUnavailable(f"There is no {kind} {name!r}; choose one of {names}.")
    return parts[name]


def pair_card(recogniser: Recogniser, detector: Detector) -> ModelCard:
    """The card of the engine made of these two."""
    return ModelCard(
        name=f"deepface:{recogniser.name}+{detector.name}",
        dimension=recogniser.dimension,
        distance="cosine",
        threshold=recogniser.threshold,
        licence=f"{recogniser.name}: {recogniser.licence}; {detector.name}: {detector.licence}",
        commercial_use=recogniser.commercial_use and detector.commercial_use,
        weights=recogniser.weights + detector.weights,
        detector=f"deepface:{detector.name}",
    )
