"""Networks, their weights files, and weights by name."""

from isegformer.models.build import build_click_network
from isegformer.models.checkpoint import (
    BackboneReport,
    WeightsSummary,
    is_backbone_file,
    load_backbone,
    save_weights,
)
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.config import VARIANTS, ClickNetworkConfig, variant
from isegformer.models.fusion import FusionNetwork
from isegformer.models.own_weights import check_new_name, own_folder, register_own
from isegformer.models.registry import WeightsEntry
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.models.zoo import available, fetch, inspect, load, weights_sha256

__all__ = [
    "VARIANTS",
    "BackboneReport",
    "ClickNetworkConfig",
    "ClickSegmenter",
    "FusionNetwork",
    "Stcn",
    "StcnKeys",
    "WeightsEntry",
    "WeightsSummary",
    "available",
    "build_click_network",
    "check_new_name",
    "fetch",
    "inspect",
    "is_backbone_file",
    "load",
    "load_backbone",
    "own_folder",
    "register_own",
    "save_weights",
    "variant",
    "weights_sha256",
]
