"""What a network is once it leaves: graphs of tensors with named inputs and outputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor, nn

Axis: TypeAlias = str | int
"""A name where any length will do; equal names are equal lengths."""

Inputs: TypeAlias = tuple[Tensor, ...]
"""What a graph is called with, in order."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """An input or output of a graph; float32."""

    name: str
    axes: tuple[Axis, ...]

    @property
    def open_axes(self) -> dict[int, str]:
        """Which axes may have any length, by position."""
        return {index: axis for index, axis in enumerate(self.axes) if isinstance(axis, str)}


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One file of an export."""

    name: str
    module: nn.Module
    """Called with the inputs in order; returns a tensor, or a tuple of as many as there are outputs."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True, kw_only=True)
class Deployable:
    """A network as graphs, and what a program that runs them must know beside."""

    graphs: tuple[Graph, ...]
    size_multiple: int
    """Height and width of inputs must be multiples of it."""
    settings: Mapping[str, Any]
    """Plain values: how the network is asked."""
    sample: Callable[[Tensor, int], Mapping[str, Inputs]]
    """Called as sample(image, count) with a slice (H, W) in [0, 1]; returns inputs of each graph, by name, as
    they arise on that slice, with a batch of `count` (clicks, objects)."""
