"""Every number of the propagation network, once per variant.

`STCN_PUBLISHED` is the network of the published checkpoints; `STCN_SMALL` is our own light variant, made to
be trained from scratch on a few thousand slices and to run on two CPU cores. Both are the same class.
"""

from dataclasses import dataclass
from typing import Literal

from isegformer.errors import ConfigError

BlockName = Literal["basic", "bottleneck"]
NormName = Literal["batch", "group"]

GROUP_CHANNELS = 8
"""Channels that group normalisation normalises together."""

BOTTLENECK_EXPANSION = 4
"""Output channels of a bottleneck block over its inner width."""


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """A residual encoder down to 1/16 of the slice."""

    block: BlockName
    """Residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 with four times the width at its end."""

    norm: NormName
    """Normalisation after each convolution: of the batch, or of groups of 8 channels of one sample."""

    stem_kernel: int
    """Side in px of the first convolution's kernel, odd."""

    stem_channels: int
    """Channels at 1/2 of the slice."""

    widths: tuple[int, int, int]
    """Inner width of the blocks at 1/4, 1/8 and 1/16."""

    depths: tuple[int, int, int]
    """Number of blocks at 1/4, 1/8 and 1/16."""

    has_conv_bias: bool
    """Whether convolutions before a normalisation carry a bias."""

    def __post_init__(self) -> None:
        if self.stem_kernel % 2 == 0:
            raise ConfigError(f"stem_kernel is {self.stem_kernel}, expected an odd number")
        if min(self.depths) < 1:
            raise ConfigError(f"depths are {self.depths}, expected at least 1 each")
        channels = (self.stem_channels, *self.widths)
        if self.norm == "group" and any(count % GROUP_CHANNELS for count in channels):
            raise ConfigError(
                f"stem and widths are {channels}, expected multiples of {GROUP_CHANNELS} for group norm"
            )

    @property
    def out_channels(self) -> tuple[int, int, int]:
        """Channels at 1/4, 1/8 and 1/16."""
        factor = BOTTLENECK_EXPANSION if self.block == "bottleneck" else 1
        quarter, eighth, sixteenth = self.widths
        return quarter * factor, eighth * factor, sixteenth * factor


@dataclass(frozen=True, kw_only=True)
class StcnConfig:
    """All numbers of one variant of `isegformer.models.stcn.Stcn`."""

    key_encoder: EncoderConfig
    """Sees the slice only."""

    value_encoder: EncoderConfig
    """Sees the slice, the object's mask and the sum of the other objects' masks."""

    key_channels: int
    """Length of a key; distances between keys decide what is read from memory."""

    context_channels: int
    """Channels of the query's own features that the decoder gets beside what was read."""

    value_channels: int
    """Length of a value."""

    attention_reduction: int
    """Value channels over hidden channels of the channel attention."""

    decoder_channels: tuple[int, ...]
    """Channels at 1/16 and after each upsampling with a skip, to 1/8, then 1/4, then 1/2; 2 to 4 entries."""

    def __post_init__(self) -> None:
        if len(self.decoder_channels) not in (2, 3, 4):
            raise ConfigError(f"decoder_channels has {len(self.decoder_channels)} entries, expected 2 to 4")
        if self.value_channels % self.attention_reduction:
            raise ConfigError(
                f"attention_reduction is {self.attention_reduction}, expected a divisor of "
                f"value_channels {self.value_channels}"
            )


STCN_PUBLISHED = StcnConfig(
    key_encoder=EncoderConfig(
        block="bottleneck",
        norm="batch",
        stem_kernel=7,
        stem_channels=64,
        widths=(64, 128, 256),
        depths=(3, 4, 6),
        has_conv_bias=False,
    ),
    value_encoder=EncoderConfig(
        block="basic",
        norm="batch",
        stem_kernel=7,
        stem_channels=64,
        widths=(64, 128, 256),
        depths=(2, 2, 2),
        has_conv_bias=True,
    ),
    key_channels=64,
    context_channels=512,
    value_channels=512,
    attention_reduction=16,
    decoder_channels=(512, 256, 256),
)
"""ResNet-50 keys and ResNet-18 values, as published with STCN and MiVOS."""

STCN_SMALL = StcnConfig(
    key_encoder=EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=32,
        widths=(48, 96, 192),
        depths=(2, 2, 2),
        has_conv_bias=False,
    ),
    value_encoder=EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=32,
        widths=(32, 64, 128),
        depths=(2, 2, 2),
        has_conv_bias=False,
    ),
    key_channels=64,
    context_channels=128,
    value_channels=160,
    attention_reduction=8,
    decoder_channels=(128, 96, 48, 24),
)
"""For CPUs and little data.

Group normalisation: batches of a few clips from several modalities make poor batch statistics, and a network
that normalises each sample alone behaves the same in training and in use. The skip at 1/2 keeps the borders
of small organs, which a prediction at 1/4 enlarged four times would round off.
"""
