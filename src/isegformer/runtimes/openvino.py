"""OpenVINO as a runtime: the fastest way to compute our networks on CPUs.

Graphs keep height, width and batch open, so that no size is compiled anew in the middle of work. The reasons
for OpenVINO: docs/decisions/0014-runtimes.md.
"""

import importlib.util
import io
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.runtimes.compiled_cache import CompiledCache, graph_key
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.graphs import Graph, click_graphs, keys_of, propagation_graphs
from isegformer.runtimes.openvino_package import CPU, load_openvino, openvino_core
from isegformer.runtimes.runtime import Tolerance
from isegformer.scratch import let_go
from isegformer.types import AnyArray

if TYPE_CHECKING:
    import openvino as ov

Precision = Literal["f32", "bf16"]
"""Numbers inside, as OpenVINO calls them; inputs and outputs are always float32."""


@dataclass(frozen=True, kw_only=True)
class OpenVino:
    """Networks compiled by OpenVINO for the CPU."""

    precision: Precision
    tolerance: Tolerance
    cache: CompiledCache
    """Where compiled graphs are kept for the next start."""

    def missing(self, device: torch.device) -> str | None:
        """Tell where OpenVINO, or this precision, is not there."""
        if device.type != "cpu":
            return f"it computes on the CPU, not on {device}"
        if importlib.util.find_spec("openvino") is None:
            return "the package openvino is not installed"
        if self.precision == "bf16" and "BF16" not in openvino_core().get_property(
            CPU, "OPTIMIZATION_CAPABILITIES"
        ):
            return "this processor has no bfloat16"
        return None

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return the network, compiled or from the cache."""
        return _CompiledClicks(network, self._compiled(click_graphs(network)))

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return the network, compiled or from the cache."""
        return _CompiledPropagation(network, self._compiled(propagation_graphs(network)))

    def _compiled(self, graphs: Mapping[str, Graph]) -> dict[str, "_CompiledGraph"]:
        return {name: self._compiled_graph(graph) for name, graph in graphs.items()}

    def _compiled_graph(self, graph: Graph) -> "_CompiledGraph":
        machine = (
            load_openvino().__version__,
            openvino_core().get_property(CPU, "FULL_DEVICE_NAME"),
            self.precision,
        )
        key = graph_key(graph.module, settings=machine)
        stored = self.cache.read(key)
        if stored is None:
            model = self._exported(graph, key=key)
            stored = self.cache.read(key)
            if stored is None:
                return _CompiledGraph(model)
            del model  # what is imported takes less memory than what was compiled, and both are a lot
        compiled = _CompiledGraph(self._imported(stored), stored=stored)
        compiled(*graph.example)  # lays the weights out for the processor; few are read where they are after
        let_go(stored)
        return compiled

    def _exported(self, graph: Graph, *, key: str) -> "ov.CompiledModel":
        """Return a graph compiled now, after it was kept for the next start."""
        model = openvino_core().compile_model(converted(graph), CPU, self._settings)
        exported = io.BytesIO()
        model.export_model(exported)
        self.cache.write(key, exported.getbuffer())
        return model

    def _imported(self, stored: AnyArray) -> "ov.CompiledModel":
        ov = load_openvino()
        return openvino_core().import_model(ov.Tensor(stored, shared_memory=True), CPU, self._settings)

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # other processes and PyTorch's own threads want their turn
        }


def converted(graph: Graph) -> "ov.Model":
    """Return a part of a network as OpenVINO's model, with open batch, height and width."""
    ov = load_openvino()
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing tells of every shape that is checked in Python; the self-check tries several sizes.
        warnings.simplefilter("ignore")
        model = ov.convert_model(graph.module, example_input=graph.example)
    model.reshape({place: [-1, tensor.shape[1], -1, -1] for place, tensor in enumerate(graph.example)})
    return model


class _CompiledGraph:
    """Calls one compiled model; one at a time, since a request owns its buffers.

    Parameters
    ----------
    stored : where the model's weights lie; None: in memory of its own
    """

    def __init__(self, model: "ov.CompiledModel", *, stored: AnyArray | None = None) -> None:
        self._request = model.create_infer_request()
        self._n_outputs = len(model.outputs)
        self._lock = threading.Lock()
        # OpenVINO does not keep it. Last, because attributes go in the order in which they came.
        self._stored = stored

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        arrays = [np.ascontiguousarray(tensor.numpy()) for tensor in inputs]
        with self._lock:
            results = self._request.infer(arrays, share_inputs=True, share_outputs=True)
            # The request writes over its outputs next time.
            return tuple(torch.from_numpy(np.array(results[place])) for place in range(self._n_outputs))


class _CompiledClicks:
    def __init__(self, network: ClickSegmenter, graphs: Mapping[str, _CompiledGraph]) -> None:
        self._graphs = graphs
        self.click_radius_px = network.click_radius_px
        self.device = torch.device("cpu")

    def embed(self, image: Tensor) -> Tensor:
        return self._graphs["image"](image)[0]

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        return self._graphs["clicks"](embedded, hint)[0]


class _CompiledPropagation:
    def __init__(self, network: Stcn, graphs: Mapping[str, _CompiledGraph]) -> None:
        self._graphs = graphs
        self.device = torch.device("cpu")

    def encode_key(self, frame: Tensor) -> StcnKeys:
        return keys_of(self._graphs["key"](frame))

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        return self._graphs["value"](frame, keys.sixteenth, mask, others)[0]

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        return self._graphs["decode"](readout, keys.context, *keys.skips)[0]
