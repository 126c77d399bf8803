"""From a graph's module to TorchScript; docs/decisions/0013-network-exports.md says why not torch.export."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.jit._trace import TracerWarning

from isegformer.deployment.file_format import Traced
from isegformer.deployment.graph import Graph, Inputs


@contextmanager
def deprecated_torchscript() -> Iterator[None]:
    """Keep PyTorch from warning of TorchScript's end of development while the block runs."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`torch.jit", category=DeprecationWarning)
        yield


def trace(graph: Graph, example: Inputs) -> Traced:
    """Return a graph as TorchScript, for all lengths of its open axes.

    That it holds for lengths other than those of `example` is not known until it was tried: `check` does.
    """
    with deprecated_torchscript(), torch.no_grad():
        # Checks of shapes and of sizes that never differ become constants; the comparison tells if one did.
        warnings.simplefilter("ignore", TracerWarning)
        module = torch.jit.trace(  # type: ignore[no-untyped-call]  # torch.jit has no types
            graph.module, example, check_trace=False
        )
    return Traced(graph=graph, module=module, example=example)
