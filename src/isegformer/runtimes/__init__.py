"""How networks are computed: PyTorch as it is, or something faster that answers the same."""

from isegformer.runtimes.choice import (
    AUTO,
    EAGER,
    ORDER,
    RUNTIMES,
    Prepared,
    Trial,
    check_runtime,
    prepare_clicks,
    prepare_propagation,
)
from isegformer.runtimes.compiled_cache import CompiledCache
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.graphs import DecodePart, KeyPart, ValuePart
from isegformer.runtimes.openvino_package import load_openvino, openvino_core
from isegformer.runtimes.runtime import Runtime, Tolerance
from isegformer.runtimes.warming import WarmUp

__all__ = [
    "AUTO",
    "EAGER",
    "ORDER",
    "RUNTIMES",
    "ClickEngine",
    "CompiledCache",
    "DecodePart",
    "KeyPart",
    "Prepared",
    "PropagationEngine",
    "Runtime",
    "Tolerance",
    "Trial",
    "ValuePart",
    "WarmUp",
    "check_runtime",
    "load_openvino",
    "openvino_core",
    "prepare_clicks",
    "prepare_propagation",
]
