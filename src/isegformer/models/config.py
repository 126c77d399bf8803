"""Every number of every named click network, once.

A family (Swin, HRNet, ...) is a frozen dataclass of its numbers; a named variant is one value of it in
`VARIANTS`. `build.py` turns a value into a network. A configuration travels with the weights as a small JSON
object, see `config_to_json` and `config_from_json`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from isegformer.errors import ConfigError

CLICK_RADIUS_PX = 5.0
"""Disk radius of a click in network-input pixels (RITM and iSegFormer v1.0, `norm_radius`)."""

ClickEmbedding = Literal["separate", "shared"]
"""Whether hints get an embedding of their own (the paper) or the image's (the code of iSegFormer v1.0)."""


def check_same_length(**sequences: tuple[int, ...]) -> None:
    """Raise ConfigError unless all sequences have the same, nonzero length."""
    lengths = {name: len(values) for name, values in sequences.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        stated = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise ConfigError(f"network has {stated}; expected one of each per stage")


def check_probability(name: str, value: float) -> None:
    """Raise ConfigError unless 0 <= `value` < 1."""
    if not 0 <= value < 1:
        raise ConfigError(f"{name} is {value}, expected at least 0 and below 1")


@dataclass(frozen=True, kw_only=True)
class CompactConfig:
    """Our own small network: convolutional pyramid, attention at the coarsest scale, top-down decoder."""

    widths: tuple[int, ...] = (32, 64, 128, 192, 256)
    """Channels at 1/2, 1/4, ... of the input."""
    depths: tuple[int, ...] = (1, 2, 2, 3, 2)
    """Residual blocks per scale."""
    attention_depth: int = 2
    """Transformer blocks at the coarsest scale."""
    attention_heads: int = 4
    """Heads of each transformer block."""
    decoder_widths: tuple[int, ...] = (32, 64, 96, 128)
    """Channels of the top-down path at 1/2, 1/4, ..."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.depths) or len(self.decoder_widths) != len(self.widths) - 1:
            raise ConfigError(
                f"compact network has {len(self.widths)} widths, {len(self.depths)} depths and "
                f"{len(self.decoder_widths)} decoder widths, expected n, n and n - 1"
            )


@dataclass(frozen=True, kw_only=True)
class MlpDecoderConfig:
    """Numbers of the all-scales decoder of 1x1 convolutions."""

    channels: int = 256
    """Channels of every scale inside the decoder."""
    dropout: float = 0.1
    """Probability that a channel is dropped before the last convolution."""

    def __post_init__(self) -> None:
        check_probability("dropout", self.dropout)


@dataclass(frozen=True, kw_only=True)
class SwinConfig:
    """iSegFormer: Swin Transformer (Liu et al. 2021) with an MLP decoder."""

    embed_channels: int
    """Channels at 1/4 of the input; each coarser stage doubles them."""
    depths: tuple[int, ...]
    """Transformer blocks per stage, at 1/4, 1/8, ..."""
    heads: tuple[int, ...]
    """Attention heads per stage."""
    window: int
    """Side of an attention window in tokens."""
    click_embedding: ClickEmbedding = "separate"
    """"separate": hints have an embedding of their own, as the paper says; "shared": hints go through the
    image's embedding, as the released code of iSegFormer v1.0 does, so its checkpoints need it."""
    mlp_ratio: float = 4.0
    """Hidden over outer channels of the blocks' perceptrons."""
    drop_path: float = 0.3
    """Probability that the last block is skipped in training; grows linearly from 0 at the first."""
    decoder: MlpDecoderConfig = MlpDecoderConfig()
    """Numbers of the decoder."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        check_same_length(depths=self.depths, heads=self.heads)
        check_probability("drop_path", self.drop_path)
        if self.click_embedding not in ("separate", "shared"):
            raise ConfigError(f"click_embedding is {self.click_embedding!r}, expected 'separate' or 'shared'")
        if any(width % heads for width, heads in zip(self.widths, self.heads, strict=True)):
            raise ConfigError(f"heads are {self.heads}, expected divisors of the channels {self.widths}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels per stage."""
        return tuple(self.embed_channels * 2**stage for stage in range(len(self.depths)))


@dataclass(frozen=True, kw_only=True)
class SegformerConfig:
    """iSegFormer on the Mix Transformer encoder of SegFormer (Xie et al. 2021), with an MLP decoder."""

    widths: tuple[int, ...] = (64, 128, 320, 512)
    """Channels at 1/4, 1/8, 1/16, 1/32."""
    depths: tuple[int, ...]
    """Transformer blocks per stage."""
    heads: tuple[int, ...] = (1, 2, 5, 8)
    """Attention heads per stage."""
    reductions: tuple[int, ...] = (8, 4, 2, 1)
    """Side in tokens of the patches that become one key each, per stage."""
    patch_sizes: tuple[int, ...] = (7, 3, 3, 3)
    """Kernel side of each stage's overlapping patch embedding."""
    strides: tuple[int, ...] = (4, 2, 2, 2)
    """Stride of each stage's patch embedding."""
    mlp_ratio: int = 4
    """Hidden over outer channels of the blocks' perceptrons."""
    drop_path: float = 0.1
    """Probability that the last block is skipped in training; grows linearly from 0 at the first."""
    decoder: MlpDecoderConfig = MlpDecoderConfig()
    """Numbers of the decoder."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        check_same_length(
            widths=self.widths,
            depths=self.depths,
            heads=self.heads,
            reductions=self.reductions,
            patch_sizes=self.patch_sizes,
            strides=self.strides,
        )
        check_probability("drop_path", self.drop_path)


@dataclass(frozen=True, kw_only=True)
class HrnetConfig:
    """RITM's network: HRNetV2 (Wang et al. 2019) with object context, OCR (Yuan et al. 2020)."""

    width: int
    """Channels of the finest branch, at 1/4; each coarser branch doubles them."""
    context_channels: int
    """Key channels of the object context; pixels have twice as many."""
    stem_depth: int
    """Bottleneck blocks before the first branching."""
    branch_depth: int
    """Residual blocks per branch and module."""
    modules: tuple[int, int, int]
    """Exchange modules in the stages of 2, 3 and 4 branches."""
    dropout: float = 0.05
    """Probability that a channel is dropped before the last convolution."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        check_probability("dropout", self.dropout)


@dataclass(frozen=True, kw_only=True)
class HrformerConfig:
    """HRFormer (Yuan et al. 2021): HRNet's branches with local attention; an MLP decoder.

    RITM's click stem feeds it, as its first layers are HRNet's.
    """

    width: int
    """Channels of the finest branch, at 1/4; each coarser branch doubles them."""
    heads: int
    """Attention heads of the finest branch; each coarser branch doubles them."""
    stem_depth: int = 2
    """Bottleneck blocks before the first branching."""
    branch_depth: int = 2
    """Transformer blocks per branch and module."""
    modules: tuple[int, int, int] = (1, 4, 2)
    """Exchange modules in the stages of 2, 3 and 4 branches."""
    window: int = 7
    """Side of an attention window in tokens."""
    mlp_ratio: int = 4
    """Hidden over outer channels of the feed-forward part."""
    drop_path: float = 0.2
    """Probability that the last block is skipped in training; grows linearly from 0 at the first."""
    decoder: MlpDecoderConfig = MlpDecoderConfig()
    """Numbers of the decoder."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        check_probability("drop_path", self.drop_path)
        if self.width % self.heads:
            raise ConfigError(f"heads is {self.heads}, expected a divisor of the width {self.width}")


@dataclass(frozen=True, kw_only=True)
class UnetConfig:
    """UNet (Ronneberger et al. 2015) with padding, batch norm, and RITM's click stem at full resolution."""

    widths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    """Channels at 1/1, 1/2, 1/4, ... of the input."""
    click_radius_px: float = CLICK_RADIUS_PX
    """Radius of the click disks in network-input pixels."""

    def __post_init__(self) -> None:
        if len(self.widths) < 2:
            raise ConfigError(f"UNet has widths {self.widths}, expected at least 2 scales")


ClickNetworkConfig: TypeAlias = (
    CompactConfig | SwinConfig | SegformerConfig | HrnetConfig | HrformerConfig | UnetConfig
)

FAMILIES: Mapping[str, type[ClickNetworkConfig]] = {
    "compact": CompactConfig,
    "swin": SwinConfig,
    "segformer": SegformerConfig,
    "hrnet": HrnetConfig,
    "hrformer": HrformerConfig,
    "unet": UnetConfig,
}
"""Family name in a weights file -> dataclass of its numbers."""

VARIANTS: Mapping[str, ClickNetworkConfig] = {
    "compact": CompactConfig(),
    "compact-small": CompactConfig(
        widths=(16, 32, 64, 128, 256), depths=(1, 1, 2, 2, 2), decoder_widths=(16, 32, 64, 96)
    ),
    "swin-tiny": SwinConfig(embed_channels=96, depths=(2, 2, 6, 2), heads=(3, 6, 12, 24), window=7),
    "swin-small": SwinConfig(embed_channels=96, depths=(2, 2, 18, 2), heads=(3, 6, 12, 24), window=7),
    "swin-base": SwinConfig(embed_channels=128, depths=(2, 2, 18, 2), heads=(4, 8, 16, 32), window=12),
    "swin-large": SwinConfig(embed_channels=192, depths=(2, 2, 18, 2), heads=(6, 12, 24, 48), window=12),
    "segformer-b0": SegformerConfig(widths=(32, 64, 160, 256), depths=(2, 2, 2, 2)),
    "segformer-b3": SegformerConfig(depths=(3, 4, 18, 3)),
    "segformer-b5": SegformerConfig(depths=(3, 6, 40, 3)),
    "hrnet18s": HrnetConfig(width=18, context_channels=48, stem_depth=2, branch_depth=2, modules=(1, 3, 2)),
    "hrnet18": HrnetConfig(width=18, context_channels=64, stem_depth=4, branch_depth=4, modules=(1, 4, 3)),
    "hrnet32": HrnetConfig(width=32, context_channels=128, stem_depth=4, branch_depth=4, modules=(1, 4, 3)),
    "hrformer-b": HrformerConfig(width=78, heads=2),
    "unet": UnetConfig(),
}
"""Every named architecture."""


def variant(name: str) -> ClickNetworkConfig:
    """Return the configuration called `name`; raises ConfigError that lists the known names."""
    if name not in VARIANTS:
        raise ConfigError(f"architecture is {name!r}, expected one of: {', '.join(sorted(VARIANTS))}")
    return VARIANTS[name]


def variant_name(config: ClickNetworkConfig) -> str:
    """Return the name of `config` among `VARIANTS`, else its family followed by "(custom)"."""
    if isinstance(config, SwinConfig) and config.click_embedding == "shared":
        return (
            f"{variant_name(dataclasses.replace(config, click_embedding='separate'))}, shared click embedding"
        )
    named = (name for name, known in VARIANTS.items() if known == config)
    return next(named, f"{_family(config)} (custom)")


def config_to_json(config: ClickNetworkConfig) -> dict[str, Any]:
    """Return `config` as a JSON object: its family and its numbers."""
    return {"family": _family(config), **dataclasses.asdict(config)}


def config_from_json(record: Mapping[str, Any]) -> ClickNetworkConfig:
    """Return the configuration held by a JSON object; unknown families and fields raise ConfigError."""
    numbers = dict(record)
    family = numbers.pop("family", None)
    if family not in FAMILIES:
        raise ConfigError(f"network family is {family!r}, expected one of: {', '.join(sorted(FAMILIES))}")
    if isinstance(numbers.get("decoder"), Mapping):
        numbers["decoder"] = _from_fields(MlpDecoderConfig, numbers["decoder"], what="decoder")
    return _from_fields(FAMILIES[family], numbers, what=family)


def _family(config: ClickNetworkConfig) -> str:
    return next(name for name, cls in FAMILIES.items() if type(config) is cls)


def _from_fields(cls: type[Any], numbers: Mapping[str, Any], *, what: str) -> Any:
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(numbers) - known):
        raise ConfigError(f"{what} has no {', '.join(unknown)}; expected some of: {', '.join(sorted(known))}")
    try:
        return cls(**{name: _frozen(value) for name, value in numbers.items()})
    except TypeError as error:
        raise ConfigError(f"{what} cannot be made of {dict(numbers)}: {error}") from error


def _frozen(value: Any) -> Any:
    """Return `value` with lists turned into tuples, so that a configuration read back equals the original."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value
