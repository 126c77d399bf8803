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
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.models.zoo import WeightsEntry, available, fetch, inspect, load, weights_sha256

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
    "fetch",
    "inspect",
    "is_backbone_file",
    "load",
    "load_backbone",
    "save_weights",
    "variant",
    "weights_sha256",
]
