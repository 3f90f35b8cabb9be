"""An engine that dies of certain pixels: Python imports this file where the folder is on its path.

Engine `stub` then takes its process along when it is shown a dark picture, as a native library may.
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

ENGINE_MODULE = "faces.engines.stub"
DARK = 30


class FragileEngine(MetaPathFinder):
    """Finds the engine's module where it is, and changes it when it has been loaded."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Once; then it is no longer asked."""
        if name != ENGINE_MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        load = spec.loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            load(module)
            _make_fragile(module.StubEngine)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


def _make_fragile(engine: Any) -> None:
    detect = engine.detect

    def fragile(self: Any, images: Sequence[Any]) -> Any:
        if any(image.mean() < DARK for image in images):
            os.kill(os.getpid(), signal.SIGKILL)
        return detect(self, images)

    engine.detect = fragile


sys.meta_path.insert(0, FragileEngine())
