"""The kinds of network that weights belong to, and their architectures as JSON.

An architecture is a configuration of a click network, one of the propagation network, or the width of the
fusion network.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from torch import nn

from isegformer.errors import CheckpointError, ConfigError
from isegformer.models.build import build_click_network
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.config import config_from_json, config_to_json, variant_name
from isegformer.models.fusion import FUSION_CHANNELS, FusionNetwork
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_PUBLISHED, STCN_SMALL, EncoderConfig, StcnConfig

Kind: TypeAlias = Literal["click", "propagation", "fusion"]
"""click: one slice from clicks; propagation: slice to slice; fusion: old and new propagation to one."""

KINDS: tuple[Kind, ...] = get_args(Kind)

STCN_NAMES = {"stcn": STCN_PUBLISHED, "stcn-small": STCN_SMALL}
"""Named propagation architectures."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a network is made of: its kind and its numbers, as they stand in a weights file."""

    kind: Kind
    """What the network does."""
    numbers: Mapping[str, Any]
    """Its configuration as a JSON object."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CheckpointError(
                f"the kind of network is {self.kind!r}, expected one of: {', '.join(KINDS)}"
            )

    @property
    def name(self) -> str:
        """The name of a known architecture, else one that ends in "(custom)"."""
        return _FORMS[self.kind].name(self.numbers)

    def build(self) -> nn.Module:
        """Return such a network with random weights; raises ConfigError where the numbers do not fit."""
        return _FORMS[self.kind].build(self.numbers)


def architecture_of(network: nn.Module) -> Architecture:
    """Return the architecture of a network.

    Raises
    ------
    CheckpointError : the network was not made by `build_click_network`, `Stcn` or `FusionNetwork`
    """
    if isinstance(network, ClickSegmenter) and network.config is not None:
        return Architecture(kind="click", numbers=config_to_json(network.config))
    if isinstance(network, Stcn):
        return Architecture(kind="propagation", numbers=dataclasses.asdict(network.config))
    if isinstance(network, FusionNetwork):
        return Architecture(kind="fusion", numbers={"channels": network.stem.out_channels})
    raise CheckpointError(
        f"the architecture of this {type(network).__name__} is not known; make click networks with "
        "build_click_network, so that their configuration can be saved"
    )


@dataclass(frozen=True, kw_only=True)
class _Form:
    build: Callable[[Mapping[str, Any]], nn.Module]
    name: Callable[[Mapping[str, Any]], str]


def _stcn_config(numbers: Mapping[str, Any]) -> StcnConfig:
    try:
        encoders = {
            name: EncoderConfig(**_tuples(numbers[name])) for name in ("key_encoder", "value_encoder")
        }
        return StcnConfig(**{**_tuples(numbers), **encoders})
    except (KeyError, TypeError) as error:
        raise ConfigError(f"the propagation network's configuration is malformed: {error!r}") from error


def _tuples(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in numbers.items()}


def _stcn_name(numbers: Mapping[str, Any]) -> str:
    config = _stcn_config(numbers)
    return next((name for name, known in STCN_NAMES.items() if known == config), "stcn (custom)")


def _fusion_channels(numbers: Mapping[str, Any]) -> int:
    channels = numbers.get("channels")
    if not isinstance(channels, int) or channels < 1:
        raise ConfigError(f"the fusion network's channels are {channels!r}, expected a positive number")
    return channels


_FORMS: Mapping[Kind, _Form] = {
    "click": _Form(
        build=lambda numbers: build_click_network(config_from_json(numbers)),
        name=lambda numbers: variant_name(config_from_json(numbers)),
    ),
    "propagation": _Form(build=lambda numbers: Stcn(_stcn_config(numbers)), name=_stcn_name),
    "fusion": _Form(
        build=lambda numbers: FusionNetwork(_fusion_channels(numbers)),
        name=lambda numbers: "fusion" if _fusion_channels(numbers) == FUSION_CHANNELS else "fusion (custom)",
    ),
}
