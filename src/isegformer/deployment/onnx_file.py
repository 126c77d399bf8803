"""ONNX files, for ONNX Runtime, TensorRT and most others."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from isegformer.deployment.file_format import FileFormat, Runner, Traced
from isegformer.deployment.graph import Graph
from isegformer.deployment.onnx_group_norm import exact_group_norms
from isegformer.types import AnyArray

OPSET = 17
"""Version of the operators: the oldest with layer norm as one of them, so that older runtimes can read it."""


def _write(traced: Traced, path: Path) -> None:
    graph = traced.graph
    with warnings.catch_warnings(), exact_group_norms(OPSET):
        # The exporter that starts from TorchScript is the only one that keeps all sizes open.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"isegformer\.|torch\.")
        # A traced module has no names of arguments; they are given by position.
        warnings.filterwarnings("ignore", message="no signature found", category=UserWarning)
        torch.onnx.export(
            traced.module,
            traced.example,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs],
            dynamic_axes={port.name: port.open_axes for port in (*graph.inputs, *graph.outputs)},
        )


def _open(path: Path, graph: Graph) -> Runner:
    import onnxruntime  # noqa: PLC0415  an extra

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        named = {port.name: array for port, array in zip(graph.inputs, inputs, strict=True)}
        return list(session.run([port.name for port in graph.outputs], named))

    return run


ONNX = FileFormat(
    suffix=".onnx",
    modules=("onnx", "onnxruntime"),
    advice="pip install 'isegformer[export]'",
    write=_write,
    open=_open,
)
