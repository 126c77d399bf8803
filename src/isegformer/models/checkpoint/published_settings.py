"""Which settings in the config of a published checkpoint our networks reproduce.

A setting that is in no table is an error, and so is a value that is not listed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from isegformer.errors import CheckpointError
from isegformer.models.click_segmenter import IMAGENET_MEAN, IMAGENET_STD

NO_EFFECT = frozenset({"backbone_lr_mult", "cpu_dist_maps", "with_aux_output"})
"""Settings of training or speed; the auxiliary head's parameters decide whether it is there."""

ANY = object()
"""Stands for every value: the setting is read, or has no effect."""

REQUIRED = ("use_disks", "with_prev_mask", "norm_radius")
"""Settings that the published classes need and whose defaults are not ours."""

SHARED_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "use_disks": (True,),
    "with_prev_mask": (True,),
    "use_rgb_conv": (False,),
    "use_naive_concat": (False,),
    "conv_extend": (False,),
    "binary_prev_mask": (False,),
    "clicks_groups": (None,),
    "norm_layer": ("torch.nn.modules.batchnorm.BatchNorm2d",),
    "norm_mean_std": ([list(IMAGENET_MEAN), list(IMAGENET_STD)],),
    "norm_radius": (ANY,),
}
"""Setting -> values that our networks reproduce; both families."""

HRNET_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    **SHARED_SETTINGS,
    "use_leaky_relu": (True,),
    "use_deep_fusion": (False,),
    "width": (ANY,),
    "ocr_width": (ANY,),
    "small": (True, False),
}

SWIN_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    **SHARED_SETTINGS,
    "use_leaky_relu": (True, False),  # of the click stem, which this network has but never calls
    "use_deep_fusion": (True,),
    "with_aux_output": (False,),
    "backbone_params": (ANY,),
    "head_params": (ANY,),
}

SWIN_BACKBONE_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "in_chans": (3,),
    "in_coord_chans": (3,),
    "embed_dim": (ANY,),
    "depths": (ANY,),
    "num_heads": (ANY,),
    "window_size": (ANY,),
    "ape": (False,),
    "patch_norm": (True,),
    "drop_path_rate": (ANY,),
    "use_checkpoint": (True, False),  # trades memory for time in training
    "mlp_ratio": (ANY,),
    "patch_size": (4,),
    "qkv_bias": (True,),
    "out_indices": ([0, 1, 2, 3],),
}

SWIN_HEAD_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    "in_channels": (ANY,),
    "in_index": ([0, 1, 2, 3],),
    "channels": (ANY,),
    "dropout_ratio": (ANY,),
    "num_classes": (1,),
    "loss_decode": (ANY,),  # an object of the training code
    "align_corners": (False,),
}


def check_settings(settings: Mapping[str, Any], supported: Mapping[str, tuple[Any, ...]], *, of: str) -> None:
    """Raise CheckpointError that lists every setting which is unknown or has another value than supported."""
    problems = list(_unsupported(settings, supported))
    if problems:
        raise CheckpointError(f"{of} has settings that our network does not reproduce: {'; '.join(problems)}")


def shown(value: object) -> str:
    """Return a short text for a value of a file, which may be anything."""
    if isinstance(value, str):
        return repr(value[:80])
    return str(value) if isinstance(value, float | bool | None) else f"a {type(value).__name__}"


def _unsupported(settings: Mapping[str, Any], supported: Mapping[str, tuple[Any, ...]]) -> Iterator[str]:
    for name, value in settings.items():
        if name not in supported:
            if name not in NO_EFFECT:
                yield f"{shown(name)} (unknown)"
        elif supported[name][0] is not ANY and not _is_one_of(value, supported[name]):
            yield f"{name} is {shown(value)}, expected {' or '.join(map(str, supported[name]))}"


def _is_one_of(value: object, allowed: tuple[Any, ...]) -> bool:
    """Return whether `value` is allowed; True is not 1, but a tuple is as good as a list."""
    plain = _lists(value, depth=2)
    return any(type(plain) is type(item) and plain == item for item in allowed)


def _lists(value: object, *, depth: int) -> object:
    if depth > 0 and isinstance(value, list | tuple):
        return [_lists(item, depth=depth - 1) for item in value]
    return value
