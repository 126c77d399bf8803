"""STCN: carries object masks from slice to slice through a memory of keys and values.

A slice is encoded into keys without knowing any mask; a slice and a mask are encoded into a value. To
segment a slice, values are read from memory where keys are alike, and decoded.

Shapes: B slices, N objects, H x W pixels (multiples of 16), h = H / 16, w = W / 16, Ck and Cv the channels of
keys and values, M = memory slices x h x w.

Source: Cheng, Tai, Tang, "Rethinking Space-Time Networks with Improved Memory Coverage", NeurIPS 2021, in the
form used by MiVOS (channel and spatial attention in the value encoder).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.errors import ShapeMismatchError
from isegformer.models.stcn_blocks import (
    ChannelSpatialAttention,
    JoiningResidualBlock,
    PlainResidualBlock,
    ResidualEncoder,
)
from isegformer.models.stcn_config import StcnConfig

STRIDE_PX = 16
"""Side in px of the cell that one key describes; slices are padded to multiples of it."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class StcnKeys:
    """What the key encoder knows of B slices, before any mask."""

    key: Tensor
    """(B, Ck, h, w)"""

    context: Tensor
    """(B, context channels, h, w): the slice's own features for the decoder."""

    sixteenth: Tensor
    """(B, C, h, w): for the value encoder."""

    skips: tuple[Tensor, ...]
    """Features at 1/8, 1/4 and, where the decoder uses it, 1/2."""

    @property
    def n_bytes(self) -> int:
        """Bytes that the tensors take."""
        tensors = (self.key, self.context, self.sixteenth, *self.skips)
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class ValueFuser(nn.Module):
    """Joins the value encoder's features with the key encoder's."""

    def __init__(self, config: StcnConfig) -> None:
        super().__init__()
        channels = config.value_channels
        self.block1 = JoiningResidualBlock(
            config.value_encoder.out_channels[2], config.key_encoder.out_channels[2], out_channels=channels
        )
        self.attention = ChannelSpatialAttention(channels, reduction=config.attention_reduction)
        self.block2 = PlainResidualBlock(channels, channels)

    def forward(self, features: Tensor, key_features: Tensor) -> Tensor:
        """(N, C1, h, w) and the slice's (N or 1, C2, h, w) -> (N, Cv, h, w)."""
        x = self.block1(features, key_features)
        return self.block2(x + self.attention(x))


class UpsampleBlock(nn.Module):
    """Doubles the resolution and adds a skip from the key encoder."""

    def __init__(self, skip_channels: int, in_channels: int, *, out_channels: int) -> None:
        super().__init__()
        self.skip_conv = nn.Conv2d(skip_channels, in_channels, 3, padding=1)
        self.out_conv = PlainResidualBlock(in_channels, out_channels)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(N, C_in, H, W) and a skip (N or 1, C_skip, 2 H, 2 W) -> (N, C_out, 2 H, 2 W)."""
        upsampled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.out_conv(self.skip_conv(skip) + upsampled)


class Decoder(nn.Module):
    """Turns what was read from memory into logits, with skips from the key encoder."""

    def __init__(self, config: StcnConfig) -> None:
        super().__init__()
        quarter, eighth, _ = config.key_encoder.out_channels
        skips = (eighth, quarter, config.key_encoder.stem_channels)
        channels = config.decoder_channels
        self.compress = JoiningResidualBlock(
            config.value_channels, config.context_channels, out_channels=channels[0]
        )
        self.ups = nn.ModuleList(
            UpsampleBlock(skip, before, out_channels=after)
            for skip, before, after in zip(skips, channels[:-1], channels[1:], strict=False)
        )
        self.pred = nn.Conv2d(channels[-1], 1, 3, padding=1)
        self.last_scale = STRIDE_PX // 2 ** len(self.ups)

    def forward(self, readout: Tensor, context: Tensor, skips: tuple[Tensor, ...]) -> Tensor:
        """(N, Cv, h, w) and, of 1 or N slices, context (., C, h, w) and skips -> logits (N, 1, H, W)."""
        x = self.compress(readout, context)
        for up, skip in zip(self.ups, skips, strict=True):
            x = up(x, skip)
        logits = self.pred(F.relu(x))
        return F.interpolate(logits, scale_factor=self.last_scale, mode="bilinear", align_corners=False)


class Stcn(nn.Module):
    """The propagation network; holds no memory itself."""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: StcnConfig) -> None:
        super().__init__()
        self.config = config
        features = config.key_encoder.out_channels[2]
        self.key_encoder = ResidualEncoder(3, config=config.key_encoder)
        self.key_proj = nn.Conv2d(features, config.key_channels, 3, padding=1)
        self.key_comp = nn.Conv2d(features, config.context_channels, 3, padding=1)
        self.value_encoder = ResidualEncoder(5, config=config.value_encoder)
        self.value_fuser = ValueFuser(config)
        self.decoder = Decoder(config)
        self.register_buffer("pixel_mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        # Orthogonal keys start out unlike each other, so that the first read-outs are already selective.
        nn.init.orthogonal_(self.key_proj.weight)
        nn.init.zeros_(self.key_proj.bias)  # type: ignore[arg-type]  # always there: bias=True

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.pixel_mean.device

    def encode_key(self, frame: Tensor) -> StcnKeys:
        """Encode slices without any mask.

        Parameters
        ----------
        frame : float, (B, 3, H, W), RGB in [0, 1], H and W multiples of 16

        Raises
        ------
        ShapeMismatchError : another number of channels, or a size that is no multiple of 16
        """
        _check_frame(frame)
        half, quarter, eighth, sixteenth = self.key_encoder(self._normalise(frame))
        return StcnKeys(
            key=self.key_proj(sixteenth),
            context=self.key_comp(sixteenth),
            sixteenth=sixteenth,
            skips=(eighth, quarter, half)[: len(self.decoder.ups)],
        )

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        """Encode N objects on a slice into values, (N, Cv, h, w).

        Parameters
        ----------
        frame : (B, 3, H, W), RGB in [0, 1]; B = 1 (one slice, N objects) or B = N (a slice for each)
        keys : of the same frame
        mask : (N, 1, H, W), probability of the object
        others : (N, 1, H, W), sum of the probabilities of all other objects on the slice
        """
        _check_frame(frame)
        _check_batch(frame.shape[0], mask.shape[0])
        if mask.shape != others.shape or mask.shape[-2:] != frame.shape[-2:]:
            raise ShapeMismatchError(
                f"mask has shape {tuple(mask.shape)} and others {tuple(others.shape)}, "
                f"expected (N, 1, {frame.shape[-2]}, {frame.shape[-1]}) both"
            )
        n_objects = mask.shape[0]  # not len(mask), which a traced graph would keep as a constant
        image = self._normalise(frame).expand(n_objects, -1, -1, -1)
        features = self.value_encoder(torch.cat([image, mask, others], dim=1))[-1]
        return self.value_fuser(features, keys.sixteenth)

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        """Return logits (N, 1, H, W) of what N objects read, (N, Cv, h, w), on 1 or N slices of `keys`."""
        _check_batch(keys.context.shape[0], readout.shape[0])
        return self.decoder(readout, keys.context, keys.skips)

    def _normalise(self, frame: Tensor) -> Tensor:
        return (frame - self.pixel_mean) / self.pixel_std


def similarity(memory_key: Tensor, query_key: Tensor) -> Tensor:
    """Return the negative squared distance of keys over sqrt(Ck); (B, M, Ck), (B, Q, Ck) -> (B, Q, M).

    Source: equation 3 of the paper.
    """
    memory_norm = memory_key.square().sum(dim=2).unsqueeze(1)  # (B, 1, M)
    query_norm = query_key.square().sum(dim=2).unsqueeze(2)  # (B, Q, 1)
    product = query_key @ memory_key.transpose(1, 2)  # (B, Q, M)
    return (2 * product - memory_norm - query_norm) / memory_key.shape[2] ** 0.5


def read_memory(memory_key: Tensor, memory_value: Tensor, *, query_key: Tensor) -> Tensor:
    """Read values where keys are alike, from the whole memory: the differentiable read-out for training.

    Parameters
    ----------
    memory_key : (B, Ck, T, h, w), keys of T memory slices
    memory_value : (B, Cv, T, h, w)
    query_key : (B, Ck, h, w)

    Returns
    -------
    (B, Cv, h, w)

    `isegformer.propagation.affinity.read_out` is its counterpart for use: best matches only, in blocks.
    """
    scores = similarity(memory_key.flatten(2).transpose(1, 2), query_key.flatten(2).transpose(1, 2))
    weights = scores.softmax(dim=2)  # (B, hw, Thw)
    read = memory_value.flatten(2) @ weights.transpose(1, 2)  # (B, Cv, hw)
    return read.view(*read.shape[:2], *query_key.shape[-2:])


def _check_frame(frame: Tensor) -> None:
    height, width = frame.shape[-2:]
    if frame.ndim != 4 or frame.shape[1] != 3 or height % STRIDE_PX or width % STRIDE_PX:
        raise ShapeMismatchError(
            f"frame has shape {tuple(frame.shape)}, expected (B, 3, H, W), H and W multiples of {STRIDE_PX}"
        )


def _check_batch(n_slices: int, n_objects: int) -> None:
    if n_slices not in (1, n_objects):
        raise ShapeMismatchError(f"{n_slices} slices for {n_objects} objects, expected 1 or {n_objects}")
