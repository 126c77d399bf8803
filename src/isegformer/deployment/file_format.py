"""What a form of file can do: hold a graph, and run it to see that it still answers the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from torch.jit import ScriptModule

from isegformer.deployment.graph import Graph, Inputs
from isegformer.types import AnyArray

Runner: TypeAlias = Callable[[Sequence[AnyArray]], Sequence[AnyArray]]
"""Called with a graph's inputs in order; returns its outputs in order. All float32."""


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A graph in the form that every file is made from."""

    graph: Graph
    module: ScriptModule
    example: Inputs
    """What it was traced with; other sizes are as good."""


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """A form of file."""

    suffix: str
    modules: tuple[str, ...]
    """What must be installed to write and to check it."""
    advice: str
    """How to install that."""
    write: Callable[[Traced, Path], None]
    open: Callable[[Path, Graph], Runner]
    """Loads a file on the CPU, in float32."""
