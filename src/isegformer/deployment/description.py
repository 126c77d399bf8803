"""The small JSON file that lies beside exported graphs; docs/deployment.md describes it."""

from collections.abc import Sequence
from typing import Any

from isegformer import __version__
from isegformer.deployment.check import TOLERANCE, Comparison
from isegformer.deployment.file_format import FileFormat
from isegformer.deployment.graph import Deployable, Graph, Port
from isegformer.models import WeightsSummary

DESCRIPTION = "isegformer.json"
"""Name of the file; a folder that holds it is an export."""

DESCRIPTION_FORMAT = 1


def describe(
    network: Deployable,
    *,
    weights: WeightsSummary,
    format_name: str,
    form: FileFormat,
    comparisons: Sequence[Comparison],
) -> dict[str, Any]:
    """Return what a program that runs the graphs must know, as plain values."""
    return {
        "format": DESCRIPTION_FORMAT,
        "kind": weights.kind,
        "architecture": weights.architecture,
        "weights_sha256": weights.sha256,
        "isegformer": __version__,
        "file_format": format_name,
        "size_multiple": network.size_multiple,
        "graphs": [_graph(graph, form=form) for graph in network.graphs],
        "settings": dict(network.settings),
        "check": {
            "tolerance": TOLERANCE,
            "largest_difference": max(comparison.difference for comparison in comparisons),
        },
    }


def file_of(graph: Graph, *, form: FileFormat) -> str:
    """Return the name of a graph's file."""
    return graph.name + form.suffix


def _graph(graph: Graph, *, form: FileFormat) -> dict[str, Any]:
    return {
        "name": graph.name,
        "file": file_of(graph, form=form),
        "inputs": [_port(port) for port in graph.inputs],
        "outputs": [_port(port) for port in graph.outputs],
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "shape": list(port.axes)}
