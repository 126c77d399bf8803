"""From annotated slices to the whole volume."""

from isegformer.propagation.config import PropagatorConfig, StopRule
from isegformer.propagation.methods import (
    PROPAGATION_METHODS,
    PropagationMethod,
    ShapeInterpolation,
    StcnPropagation,
)
from isegformer.propagation.propagator import Propagator, RoundReport
from isegformer.propagation.slices import ArraySlices, SliceSource, VolumeSlices
from isegformer.propagation.volume_propagation import propagate_volume

__all__ = [
    "PROPAGATION_METHODS",
    "ArraySlices",
    "PropagationMethod",
    "Propagator",
    "PropagatorConfig",
    "RoundReport",
    "ShapeInterpolation",
    "SliceSource",
    "StcnPropagation",
    "StopRule",
    "VolumeSlices",
    "propagate_volume",
]
