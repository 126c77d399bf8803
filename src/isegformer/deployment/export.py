"""From weights to a folder that other programs run."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from isegformer.deployment.check import Comparison, compare
from isegformer.deployment.check_slices import TRACED_SIZE, head_phantom, resized, sized_slices
from isegformer.deployment.description import DESCRIPTION, describe, file_of
from isegformer.deployment.file_format import FileFormat, Runner
from isegformer.deployment.graph import Deployable, Graph, Inputs
from isegformer.deployment.networks import deployable
from isegformer.deployment.output_folder import check_output_folder, filled_folder
from isegformer.deployment.registry import file_format
from isegformer.deployment.tracing import trace
from isegformer.errors import DeploymentError
from isegformer.models import inspect, load
from isegformer.types import FloatArray, PathLike

TRACED_BATCH = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ExportedNetwork:
    """What an export left behind."""

    folder: Path
    files: tuple[Path, ...]
    """The description first."""
    kind: str
    comparisons: tuple[Comparison, ...]


def export_weights(
    weights: PathLike,
    output: Path,
    *,
    format_name: str,
    image: FloatArray | None = None,
    overwrite: bool = False,
) -> ExportedNetwork:
    """Write a network as graphs, and compare each with PyTorch on a slice in several sizes.

    Parameters
    ----------
    weights : a name or a file, as for `models.load`
    output : the folder to make, or with `overwrite` an earlier export
    format_name : one of `FILE_FORMATS`
    image : (H, W) in [0, 1], what to compare on; None for `head_phantom`

    Raises
    ------
    ConfigError : no such format, or a network that cannot be exported
    DependencyError : the format needs a package that is not installed
    DeploymentError : the network cannot be converted, or a graph does not answer as PyTorch does
    WriteError : `output` is taken, or cannot be written
    WeightsNotFoundError, CheckpointError : as for `models.load`

    After an error nothing is left behind, and what was there is intact.
    """
    form = file_format(format_name)
    check_output_folder(output, overwrite=overwrite)
    summary = inspect(weights)
    network = deployable(load(weights).requires_grad_(False), predictor=summary.predictor)
    reference = head_phantom() if image is None else image
    slices = list(sized_slices(reference, multiple=network.size_multiple))
    with filled_folder(output, overwrite=overwrite) as folder:
        runners = _written(network, folder, form=form, reference=reference)
        comparisons = compare(network, runners, slices)
        description = describe(
            network, weights=summary, format_name=format_name, form=form, comparisons=comparisons
        )
        (folder / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        names = sorted(path.name for path in folder.iterdir() if path.name != DESCRIPTION)
    return ExportedNetwork(
        folder=output,
        files=tuple(output / name for name in (DESCRIPTION, *names)),
        kind=summary.kind,
        comparisons=comparisons,
    )


def _written(
    network: Deployable, folder: Path, *, form: FileFormat, reference: FloatArray
) -> dict[str, Runner]:
    """Write every graph into a folder, and return what runs it from there."""
    image = resized(reference, size=TRACED_SIZE, multiple=network.size_multiple)
    samples = network.sample(image, TRACED_BATCH)
    return {
        graph.name: _runner(graph, samples[graph.name], folder / file_of(graph, form=form), form=form)
        for graph in network.graphs
    }


def _runner(graph: Graph, example: Inputs, path: Path, *, form: FileFormat) -> Runner:
    logger.info("writing %s", path.name)
    try:
        form.write(trace(graph, example), path)
        return form.open(path, graph)
    except OSError:
        raise
    except Exception as error:  # each converter has errors of its own
        raise DeploymentError(f"{graph.name} cannot be converted to {path.suffix}: {error}") from error
