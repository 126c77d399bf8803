"""TorchScript files, for C++ programs with libtorch; traced on the CPU, and to be run there."""

from collections.abc import Sequence
from pathlib import Path

import torch

from isegformer.deployment.file_format import FileFormat, Runner, Traced
from isegformer.deployment.graph import Graph
from isegformer.deployment.tracing import deprecated_torchscript
from isegformer.types import AnyArray


def _write(traced: Traced, path: Path) -> None:
    with deprecated_torchscript():
        torch.jit.save(traced.module, path)


def _open(path: Path, graph: Graph) -> Runner:
    with deprecated_torchscript():
        module = torch.jit.load(path, "cpu")  # type: ignore[no-untyped-call]  # torch.jit has no types

    def run(inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        with torch.inference_mode():
            outputs = module(*(torch.from_numpy(array) for array in inputs))
        return [x.numpy() for x in (outputs if len(graph.outputs) > 1 else (outputs,))]

    return run


TORCHSCRIPT = FileFormat(suffix=".pt", modules=(), advice="", write=_write, open=_open)
