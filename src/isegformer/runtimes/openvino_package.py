"""The package openvino, imported so that it reports nothing to anybody."""

import sys
from typing import Any


def load_openvino() -> Any:
    """Return the package; ImportError where it is not installed.

    Its import sends an event to its maker unless the module for that is missing, and nobody asked whoever
    segments patients here.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: cannot be imported
    import openvino  # noqa: PLC0415  optional, and takes a second

    return openvino
