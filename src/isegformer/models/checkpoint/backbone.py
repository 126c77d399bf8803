"""ImageNet backbones of the original Swin Transformer, to start training from.

Source of the names: github.com/microsoft/Swin-Transformer, `{"model": state dict}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from isegformer.errors import CheckpointError
from isegformer.models.checkpoint.published_names import RECOMPUTED_SUFFIXES, rename
from isegformer.models.checkpoint.state import check_fit, network_state
from isegformer.models.checkpoint.torch_file import looks_like_torch_file, read_torch_file, state_dict_of
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.config import SwinConfig
from isegformer.types import PathLike

SWIN_MARK = "layers.0.blocks.0.attn.qkv.weight"
"""A name in every backbone of the original Swin Transformer."""

BACKBONE_RENAMES = (("patch_embed.", "image_embedding."), ("layers.", "backbone.layers."))
"""Prefix in Swin's files -> ours."""

CLASSIFIER_PREFIXES = ("norm.", "head.")
"""Layers of classification, after the last stage: not part of a segmenter."""

LOADED_PREFIXES = ("image_embedding.", "backbone.layers.")
"""Our parameters that a backbone file must hold, all of them."""


@dataclass(frozen=True, kw_only=True)
class BackboneReport:
    """Which tensors came from the file and which did not."""

    loaded: tuple[str, ...]
    """Our parameters that were copied."""
    dropped: tuple[str, ...]
    """Tensors of the file that have no place here: the classifier, and buffers that we compute."""
    untouched: tuple[str, ...]
    """Our parameters that keep their random start: click embedding, stage norms, decoder."""


def is_backbone_file(path: PathLike) -> bool:
    """Return whether a file is a backbone of Swin without a decoder; errors as in `read_weights`."""
    return looks_like_torch_file(Path(path)) and is_backbone(read_torch_file(Path(path)))


def is_backbone(content: object) -> bool:
    """Return whether the content of a file of torch is such a backbone."""
    state = _model(content)
    return isinstance(state, Mapping) and SWIN_MARK in state


def load_backbone(network: ClickSegmenter, path: PathLike) -> BackboneReport:
    """Copy an ImageNet backbone of Swin into a network: the image's embedding and all stages.

    The window must be the network's own; relative position biases are not resized, since a network that
    starts from another window than it was pretrained with is better chosen on purpose.

    Raises
    ------
    UnsafeCheckpointError : the file tries to run code; nothing was run
    CheckpointError : the network is not a Swin, or tensors are missing, unexpected or of another shape (all
        listed); the network is unchanged
    """
    if not isinstance(network.config, SwinConfig):
        raise CheckpointError("a backbone of Swin fills Swin networks only; choose such an architecture")
    content = read_torch_file(Path(path))
    file_state = state_dict_of(_model(content))
    dropped = [
        name
        for name in file_state
        if name.startswith(CLASSIFIER_PREFIXES) or name.endswith(RECOMPUTED_SUFFIXES)
    ]
    tensors = {
        rename(name, BACKBONE_RENAMES): value for name, value in file_state.items() if name not in dropped
    }
    state = network_state(network)
    expected = {name: value for name, value in state.items() if name.startswith(LOADED_PREFIXES)}
    check_fit(expected, tensors, source=f"{path} (window {network.config.window} expected)")
    with torch.no_grad():
        for name, value in expected.items():
            value.copy_(tensors[name])
    return BackboneReport(
        loaded=tuple(expected),
        dropped=tuple(dropped),
        untouched=tuple(name for name in state if name not in expected),
    )


def _model(content: object) -> object:
    if isinstance(content, Mapping) and isinstance(content.get("model"), Mapping):
        return content["model"]
    return content
