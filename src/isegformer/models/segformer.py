"""SegFormer's encoder (MiT) from `transformers`, split where the click embedding joins.

`transformers` is imported when such a network is built, not with this module: it takes seconds.
B is the batch, C_s the channels of stage s, (h_s, w_s) its grid.

Source: Xie et al. 2021, "SegFormer".
"""

import math
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.errors import DependencyError
from isegformer.models.config import SegformerConfig


class OverlapEmbedding(nn.Module):
    """Overlapping patches to vectors, with layer norm: the first embedding of a MiT encoder."""

    def __init__(self, channels: int, *, patch: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, patch, stride=stride, padding=patch // 2)
        self.layer_norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C_0, ceil(H / stride), ceil(W / stride))."""
        return self.layer_norm(self.proj(image).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class SegformerBackbone(nn.Module):
    """The stages of a MiT encoder, the first without its patch embedding."""

    def __init__(self, config: SegformerConfig) -> None:
        super().__init__()
        stages = _encoder_stages(config)
        self.embeddings = nn.ModuleList(stage.patch_embeddings for stage in stages[1:])
        self.blocks = nn.ModuleList(stage.blocks for stage in stages)
        self.norms = nn.ModuleList(stage.layer_norm for stage in stages)
        self.steps = [math.prod(config.strides[1 : stage + 1]) for stage in range(len(config.strides))]
        self.smallest = max(step * side for step, side in zip(self.steps, config.reductions, strict=True))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C_0, H / 4, W / 4) -> features from fine to coarse, (B, C_s, h_s, w_s).

        A grid too small for the first stage's patches of keys is padded with zeros, and its features cropped.
        """
        size = (x.shape[2], x.shape[3])
        missing_rows, missing_cols = (_missing(length, least=self.smallest) for length in size)
        features = self._features(F.pad(x, (0, missing_cols, 0, missing_rows)))
        return [
            feature[..., : (size[0] + step - 1) // step, : (size[1] + step - 1) // step]
            for feature, step in zip(features, self.steps, strict=True)
        ]

    def _features(self, x: Tensor) -> list[Tensor]:
        batch, _, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2)  # (B, hw, C)
        features: list[Tensor] = []
        for stage, (blocks, norm) in enumerate(zip(self.blocks, self.norms, strict=True)):
            if stage > 0:
                tokens, height, width = self.embeddings[stage - 1](features[-1])
            assert isinstance(blocks, nn.ModuleList)
            for block in blocks:
                tokens = block(tokens, height, width)
            features.append(norm(tokens).transpose(1, 2).reshape(batch, -1, height, width))
        return features


def _missing(length: int | Tensor, *, least: int) -> Any:
    """Return how much `length` is below `least`, or 0; a tensor, as sizes are in a trace, stays one."""
    if isinstance(length, Tensor):
        return (least - length).clamp(min=0)
    return max(0, least - length)


def _encoder_stages(config: SegformerConfig) -> Any:
    try:
        from transformers import SegformerConfig as EncoderConfig  # noqa: PLC0415  takes seconds to import
        from transformers import SegformerModel  # noqa: PLC0415  takes seconds to import
    except ImportError as error:
        raise DependencyError(f"SegFormer networks need the package transformers: {error}") from error
    encoder = SegformerModel(
        EncoderConfig(
            num_encoder_blocks=len(config.widths),
            hidden_sizes=list(config.widths),
            depths=list(config.depths),
            num_attention_heads=list(config.heads),
            sr_ratios=list(config.reductions),
            patch_sizes=list(config.patch_sizes),
            strides=list(config.strides),
            mlp_ratios=[config.mlp_ratio] * len(config.widths),
            drop_path_rate=config.drop_path,
        )
    )
    if not hasattr(encoder, "stages"):
        raise DependencyError(
            "this version of transformers is too old for SegFormer networks; install 5.23 or newer"
        )
    return encoder.stages
