"""Does an exported graph answer as the network does?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from isegformer.deployment.file_format import Runner
from isegformer.deployment.graph import Deployable, Graph, Inputs
from isegformer.errors import DeploymentError
from isegformer.types import AnyArray

TOLERANCE = 1e-4
"""Largest difference that counts as equal, over the largest value of PyTorch's answer or 1."""

BATCHES = (1, 3, 2)
"""Clicks or objects at once, in turn; the trace had two."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One graph on one slice."""

    graph: str
    height: int
    """Of the slice, in px."""
    width: int
    batch: int
    difference: float
    """Largest difference of any output, over the largest value of PyTorch's answer or 1."""


def compare(
    network: Deployable, runners: Mapping[str, Runner], slices: Sequence[Tensor]
) -> tuple[Comparison, ...]:
    """Ask PyTorch and the exported graphs on each slice.

    Parameters
    ----------
    runners : one for each graph, by name
    slices : (H, W) in [0, 1]

    Raises
    ------
    DeploymentError : an answer differs by more than `TOLERANCE`, has another shape, or fails; it says where
    """
    found = []
    for number, image in enumerate(slices):
        batch = BATCHES[number % len(BATCHES)]
        samples = network.sample(image, batch)
        for graph in network.graphs:
            height, width = (int(length) for length in image.shape)
            where = f"{graph.name} for {batch} on {height} x {width} px"
            difference = _difference(graph, runners[graph.name], samples[graph.name], where=where)
            found.append(
                Comparison(graph=graph.name, height=height, width=width, batch=batch, difference=difference)
            )
    return tuple(found)


def _difference(graph: Graph, run: Runner, inputs: Inputs, *, where: str) -> float:
    with torch.no_grad():
        answer = graph.module(*inputs)
    expected = [x.numpy() for x in (answer if isinstance(answer, tuple) else (answer,))]
    try:
        got = run([np.ascontiguousarray(x.numpy()) for x in inputs])
    except Exception as error:  # each runtime has errors of its own
        raise DeploymentError(f"the exported {where} fails: {error}") from error
    differences = [
        _of_output(port.name, got=one, expected=other, where=where)
        for port, one, other in zip(graph.outputs, got, expected, strict=True)
    ]
    return max(differences)


def _of_output(name: str, *, got: AnyArray, expected: AnyArray, where: str) -> float:
    if got.shape != expected.shape:
        raise DeploymentError(f"{name} of the exported {where} has shape {got.shape}, not {expected.shape}")
    scale = max(1.0, float(np.abs(expected).max()))
    difference = float(np.abs(got - expected).max()) / scale
    if not difference <= TOLERANCE:  # NaN, too
        raise DeploymentError(
            f"{name} of the exported {where} differs from PyTorch's by {difference:.3g} of the largest "
            f"value, expected at most {TOLERANCE:g}; nothing was written"
        )
    return difference
