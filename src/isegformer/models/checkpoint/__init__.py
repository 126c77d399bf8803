"""Weights files: published ones read safely, our own written and read."""

from isegformer.models.checkpoint.backbone import BackboneReport, is_backbone_file, load_backbone
from isegformer.models.checkpoint.ours import save_weights
from isegformer.models.checkpoint.reading import Weights, WeightsSummary, read_weights

__all__ = [
    "BackboneReport",
    "Weights",
    "WeightsSummary",
    "is_backbone_file",
    "load_backbone",
    "read_weights",
    "save_weights",
]
