"""Any weights file -> architecture and tensors; the file's content decides, not its name."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from isegformer.errors import CheckpointError, ConfigError
from isegformer.models.architectures import Architecture, Kind
from isegformer.models.checkpoint.backbone import is_backbone
from isegformer.models.checkpoint.ours import read_ours
from isegformer.models.checkpoint.published import click_network_from_published
from isegformer.models.checkpoint.published_names import FUSION_RENAMES, STCN_RENAMES, rename
from isegformer.models.checkpoint.state import fill_network
from isegformer.models.checkpoint.torch_file import looks_like_torch_file, read_torch_file, state_dict_of
from isegformer.models.config import config_to_json
from isegformer.models.fusion import FUSION_CHANNELS
from isegformer.models.stcn_config import STCN_PUBLISHED

STCN_MARK = "key_encoder.conv1.weight"
FUSION_MARK = "final_conv.weight"
"""Names that tell the plain state dicts of MiVOS apart."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a weights file holds, in our terms."""

    form: str
    """How the file is written: "isegformer", "published click network", ..."""
    architecture: Architecture
    """The network's kind and numbers."""
    tensors: Mapping[str, Tensor]
    """Parameters and buffers under our names, as they are on disk."""
    predictor: Mapping[str, Any] | None = None
    """Settings of prediction that the weights were tuned with; only in our own files."""
    dropped: tuple[str, ...] = ()
    """Tensors of a published file that its own code never uses, or that we compute."""


@dataclass(frozen=True, kw_only=True)
class WeightsSummary:
    """What can be said of a weights file without running its network."""

    form: str
    """How the file is written."""
    kind: Kind
    """What the network does."""
    architecture: str
    """Its name, or its family and "(custom)"."""
    numbers: Mapping[str, Any]
    """Its configuration."""
    parameters: int
    """Number of trained values."""
    dtype: str
    """Element type of the floats on disk, such as "float16"."""
    sha256: str
    """Of the whole file, hexadecimal."""
    predictor: Mapping[str, Any] | None
    """Settings of prediction that travel with the weights."""
    dropped: tuple[str, ...]
    """Tensors in the file that are not used."""


def read_weights(path: Path) -> Weights:
    """Read a weights file of any supported form; see docs/checkpoints.md.

    Raises
    ------
    UnsafeCheckpointError : the file tries to run code; nothing was run
    CheckpointError : the file is damaged, or of a form that is not supported
    """
    if not looks_like_torch_file(path):
        ours = read_ours(path)
        return Weights(
            form="isegformer", architecture=ours.architecture, tensors=ours.tensors, predictor=ours.predictor
        )
    content = read_torch_file(path)
    try:
        return _published(content)
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error


def network_from_file(path: Path) -> nn.Module:
    """Return the network of a weights file in evaluation mode, float32, on the CPU.

    Raises
    ------
    CheckpointError : as for `read_weights`, or parameters are missing, unexpected or of another shape; the
        message lists them
    """
    weights = read_weights(path)
    network = _built(weights, path=path)
    fill_network(network, weights.tensors, source=str(path))
    return network.eval()


def inspect(path: Path) -> WeightsSummary:
    """Return what a weights file holds; raises CheckpointError where it cannot be read."""
    weights = read_weights(path)
    with torch.device("meta"):
        network = _built(weights, path=path)
    dtypes = {str(x.dtype).removeprefix("torch.") for x in weights.tensors.values() if x.is_floating_point()}
    return WeightsSummary(
        form=weights.form,
        kind=weights.architecture.kind,
        architecture=weights.architecture.name,
        numbers=weights.architecture.numbers,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        dtype=" and ".join(sorted(dtypes)),
        sha256=file_sha256(path),
        predictor=weights.predictor,
        dropped=weights.dropped,
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _built(weights: Weights, *, path: Path) -> nn.Module:
    try:
        return weights.architecture.build()
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _published(content: object) -> Weights:
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"the file holds a {type(content).__name__}, expected a checkpoint's dictionary"
        )
    if "config" in content and "state_dict" in content:
        published = click_network_from_published(content)
        return Weights(
            form="published click network",
            architecture=Architecture(kind="click", numbers=config_to_json(published.config)),
            tensors=published.tensors,
            dropped=published.dropped,
        )
    if STCN_MARK in content:
        numbers = dataclasses.asdict(STCN_PUBLISHED)
        return _plain(content, "propagation", numbers=numbers, renames=STCN_RENAMES)
    if FUSION_MARK in content:
        return _plain(content, "fusion", numbers={"channels": FUSION_CHANNELS}, renames=FUSION_RENAMES)
    if is_backbone(content):
        raise CheckpointError(
            "this is a Swin backbone without a decoder, to start training from: name it as start_from in the "
            "configuration of a run, or build a network and call load_backbone(network, path)"
        )
    raise CheckpointError(
        "the file is no checkpoint of iSegFormer v1.0, RITM, STCN or MiVOS: expected the keys config and "
        f"state_dict, or {STCN_MARK}, or {FUSION_MARK}"
    )


def _plain(
    content: Mapping[str, Any],
    kind: Kind,
    *,
    numbers: Mapping[str, Any],
    renames: tuple[tuple[str, str], ...],
) -> Weights:
    tensors = {rename(name, renames): value for name, value in state_dict_of(content).items()}
    return Weights(
        form=f"published {kind} network",
        architecture=Architecture(kind=kind, numbers=numbers),
        tensors=tensors,
    )
