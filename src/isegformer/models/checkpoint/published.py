"""Checkpoints of iSegFormer v1.0, RITM, STCN and MiVOS -> our networks.

A click network's file is `{"config": {"class": ..., "params": {name: {"value": ...}}}, "state_dict": ...}`.
Every setting of the config is either used, known to have no effect on the result, or an error: none is
skipped in silence. The same holds for tensors: those that the released code stores but never uses are listed
in `Published.dropped`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from isegformer.errors import CheckpointError, ConfigError
from isegformer.models.checkpoint.published_names import (
    HRNET_RENAMES,
    RECOMPUTED_SUFFIXES,
    SWIN_RENAMES,
    SWIN_UNUSED_PREFIXES,
    rename,
)
from isegformer.models.checkpoint.published_settings import (
    HRNET_SETTINGS,
    REQUIRED,
    SWIN_BACKBONE_SETTINGS,
    SWIN_HEAD_SETTINGS,
    SWIN_SETTINGS,
    check_settings,
    shown,
)
from isegformer.models.checkpoint.torch_file import state_dict_of
from isegformer.models.config import (
    VARIANTS,
    ClickNetworkConfig,
    HrnetConfig,
    MlpDecoderConfig,
    SwinConfig,
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published click network in our terms."""

    config: ClickNetworkConfig
    """Its architecture."""
    tensors: Mapping[str, Tensor]
    """Its parameters and buffers under our names."""
    dropped: tuple[str, ...]
    """Names of tensors in the file that its own code never uses, or that we compute."""


def click_network_from_published(content: Mapping[str, Any]) -> Published:
    """Return the architecture and tensors of a file of iSegFormer v1.0 or RITM.

    Raises
    ------
    CheckpointError : a class or setting that our networks do not reproduce
    """
    class_name, settings = _class_and_settings(content["config"])
    state = state_dict_of(content["state_dict"])
    if class_name == "SwinformerModel":
        return _converted(
            _swin_config(settings), state, renames=SWIN_RENAMES, unused_prefixes=SWIN_UNUSED_PREFIXES
        )
    if class_name == "HRNetModel":
        return _converted(_hrnet_config(settings), state, renames=HRNET_RENAMES, unused_prefixes=())
    raise CheckpointError(
        f"the network's class is {shown(class_name)}, expected SwinformerModel (iSegFormer v1.0) or "
        "HRNetModel (RITM)"
    )


def _converted(
    config: ClickNetworkConfig,
    state: Mapping[str, Tensor],
    *,
    renames: Sequence[tuple[str, str]],
    unused_prefixes: tuple[str, ...],
) -> Published:
    dropped = [
        name for name in state if name.startswith(unused_prefixes) or name.endswith(RECOMPUTED_SUFFIXES)
    ]
    kept = {rename(name, renames): value for name, value in state.items() if name not in dropped}
    return Published(config=config, tensors=kept, dropped=tuple(dropped))


def _class_and_settings(config: object) -> tuple[str, dict[str, Any]]:
    if not (isinstance(config, Mapping) and isinstance(config.get("class"), str)):
        raise CheckpointError("the checkpoint's config names no class")
    params = config.get("params")
    if not isinstance(params, Mapping) or not all(
        isinstance(name, str) and isinstance(param, Mapping) and "value" in param
        for name, param in params.items()
    ):
        raise CheckpointError("the checkpoint's config has no params with a value each")
    settings = {name: param["value"] for name, param in params.items()}
    if lacking := [name for name in REQUIRED if name not in settings]:
        raise CheckpointError(f"the checkpoint's config lacks {', '.join(lacking)}")
    return config["class"].rpartition(".")[2], settings


def _hrnet_config(settings: Mapping[str, Any]) -> HrnetConfig:
    check_settings(settings, HRNET_SETTINGS, of="RITM HRNet")
    shape = _checked(
        lambda: (int(settings["width"]), int(settings["ocr_width"]), settings.get("small") is True)
    )
    known = {
        (config.width, config.context_channels, config.stem_depth == 2): config
        for config in VARIANTS.values()
        if isinstance(config, HrnetConfig)
    }
    if shape not in known:
        stated = ", ".join(str(numbers) for numbers in sorted(known))
        raise CheckpointError(f"HRNet has (width, ocr_width, small) = {shape}, expected one of {stated}")
    base = known[shape]
    return _checked(lambda: replace(base, click_radius_px=float(settings["norm_radius"])))


def _swin_config(settings: Mapping[str, Any]) -> SwinConfig:
    check_settings(settings, SWIN_SETTINGS, of="iSegFormer")
    backbone, head = settings.get("backbone_params"), settings.get("head_params")
    if not (isinstance(backbone, Mapping) and isinstance(head, Mapping)):
        raise CheckpointError("iSegFormer's config has no backbone_params and head_params")
    check_settings(backbone, SWIN_BACKBONE_SETTINGS, of="iSegFormer's backbone")
    check_settings(head, SWIN_HEAD_SETTINGS, of="iSegFormer's head")
    config = _checked(
        lambda: SwinConfig(
            embed_channels=int(backbone["embed_dim"]),
            depths=tuple(int(depth) for depth in backbone["depths"]),
            heads=tuple(int(heads) for heads in backbone["num_heads"]),
            window=int(backbone["window_size"]),
            click_embedding="shared",
            mlp_ratio=float(backbone.get("mlp_ratio", 4.0)),
            drop_path=float(backbone["drop_path_rate"]),
            decoder=MlpDecoderConfig(channels=int(head["channels"]), dropout=float(head["dropout_ratio"])),
            click_radius_px=float(settings["norm_radius"]),
        )
    )
    if head.get("in_channels") not in (list(config.widths), config.widths):
        raise CheckpointError(f"iSegFormer's head has other in_channels than its backbone's {config.widths}")
    return config


def _checked(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint's config cannot be used: {error!r}") from error
