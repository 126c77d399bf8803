"""From annotated slices to the whole volume."""

from isegformer.propagation.combined import ShapesAndNetwork
from isegformer.propagation.config import PropagatorConfig, StopRule
from isegformer.propagation.earlier import EarlierLabels, EarlierResult
from isegformer.propagation.finishing import NetworkAlone
from isegformer.propagation.methods import (
    PROPAGATION_METHODS,
    MethodBuilder,
    PropagationMethod,
    ShapeInterpolation,
    StcnPropagation,
)
from isegformer.propagation.propagator import Propagator, RoundReport
from isegformer.propagation.shape_evidence import EvidenceConfig
from isegformer.propagation.slices import ArraySlices, SliceSource, VolumeSlices
from isegformer.propagation.volume_propagation import propagate_volume

__all__ = [
    "PROPAGATION_METHODS",
    "ArraySlices",
    "EarlierLabels",
    "EarlierResult",
    "EvidenceConfig",
    "MethodBuilder",
    "NetworkAlone",
    "PropagationMethod",
    "Propagator",
    "PropagatorConfig",
    "RoundReport",
    "ShapeInterpolation",
    "ShapesAndNetwork",
    "SliceSource",
    "StcnPropagation",
    "StopRule",
    "VolumeSlices",
    "propagate_volume",
]
