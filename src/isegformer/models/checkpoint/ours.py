"""Our own weights files: safetensors, with the architecture in the metadata.

The metadata's entry "isegformer" is a JSON object: `format` (1), `kind`, `config` (the architecture's
numbers) and, optionally, `predictor` (settings that the weights were tuned with). Tensors have the names of
our modules, one that stands in two places is stored once; floats are fp16 or fp32 on disk, fp32 in memory.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from isegformer.atomic import replace_atomically
from isegformer.errors import CheckpointError
from isegformer.models.architectures import Architecture, architecture_of
from isegformer.models.checkpoint.state import network_state
from isegformer.types import PathLike

FORMAT = 1
"""Raised when a file of the new form would be misread by older code."""

METADATA_KEY = "isegformer"

DTYPES = (torch.float16, torch.float32)
"""Element types on disk."""


@dataclass(frozen=True, kw_only=True)
class OurWeights:
    """What one of our weights files holds."""

    architecture: Architecture
    """The network's kind and numbers."""
    predictor: Mapping[str, Any] | None
    """Settings of prediction that the weights were tuned with."""
    tensors: Mapping[str, Tensor]
    """Parameters and buffers as they are on disk."""


def save_weights(
    network: nn.Module,
    path: PathLike,
    *,
    dtype: torch.dtype = torch.float32,
    predictor: Mapping[str, Any] | None = None,
) -> None:
    """Write a network's weights and architecture; what stood at the path before is replaced at once.

    Parameters
    ----------
    network : a click, propagation or fusion network
    dtype : torch.float16 or torch.float32, of the floats on disk; a tensor with values too large for float16,
        such as a variance, stays float32
    predictor : settings to travel with the weights, a JSON object

    Raises
    ------
    CheckpointError : the architecture is unknown, the type is another one, or a value is not finite
    WriteError : the file cannot be written; what was there is intact
    """
    if dtype not in DTYPES:
        raise CheckpointError(f"weights cannot be saved as {dtype}, expected torch.float16 or torch.float32")
    architecture = architecture_of(network)
    record = {"format": FORMAT, "kind": architecture.kind, "config": architecture.numbers}
    if predictor is not None:
        record["predictor"] = dict(predictor)
    tensors = {name: _on_disk(name, value, dtype=dtype) for name, value in network_state(network).items()}
    _write(tensors, Path(path), metadata={METADATA_KEY: json.dumps(record, sort_keys=True)})


def read_ours(path: Path) -> OurWeights:
    """Read one of our weights files.

    Raises
    ------
    CheckpointError : the file is damaged, or safetensors without our metadata, or of a newer format
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is neither a file of torch.save nor a whole safetensors file: {error}"
        ) from error
    record = _record(metadata, path=path)
    return OurWeights(
        architecture=Architecture(kind=record["kind"], numbers=record["config"]),
        predictor=record.get("predictor"),
        tensors=tensors,
    )


def _record(metadata: Mapping[str, str], *, path: Path) -> dict[str, Any]:
    if METADATA_KEY not in metadata:
        raise CheckpointError(
            f"{path} does not say which network it belongs to: no {METADATA_KEY!r} in its metadata"
        )
    try:
        record = json.loads(metadata[METADATA_KEY])
    except ValueError as error:
        raise CheckpointError(f"{path} has damaged metadata: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{path} has another format than {FORMAT}; a newer isegformer may read it")
    if not isinstance(record.get("config"), dict) or not isinstance(record.get("kind"), str):
        raise CheckpointError(f"{path} has damaged metadata: expected a kind and a config")
    return record


def _on_disk(name: str, value: Tensor, *, dtype: torch.dtype) -> Tensor:
    if not value.is_floating_point():
        return value.detach().cpu().clone()
    single = value.detach().to("cpu", torch.float32, copy=True).contiguous()
    if not bool(torch.isfinite(single).all()):
        raise CheckpointError(f"{name} has values that are not finite; the training has diverged")
    converted = single.to(dtype)
    return converted if bool(torch.isfinite(converted).all()) else single


def _write(tensors: dict[str, Tensor], path: Path, *, metadata: dict[str, str]) -> None:
    with replace_atomically(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)
        temporary.chmod(0o644)  # safetensors keeps its files from others
