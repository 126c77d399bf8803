"""From annotated slices to the whole volume."""

from isegformer.propagation.advising import AdvisingPropagation, step_px
from isegformer.propagation.combined import ShapesAndNetwork
from isegformer.propagation.config import PropagatorConfig, StopRule
from isegformer.propagation.earlier import EarlierLabels, EarlierResult
from isegformer.propagation.evidence import EvidenceCallback, EvidenceLog, SliceEvidence
from isegformer.propagation.finishing import NetworkAlone
from isegformer.propagation.loading import (
    check_method,
    load_method,
    load_propagation_engine,
    method_with,
)
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
from isegformer.propagation.suggestion import Advice, SliceSuggestion, advise
from isegformer.propagation.volume_propagation import propagate_volume

__all__ = [
    "PROPAGATION_METHODS",
    "Advice",
    "AdvisingPropagation",
    "ArraySlices",
    "EarlierLabels",
    "EarlierResult",
    "EvidenceCallback",
    "EvidenceConfig",
    "EvidenceLog",
    "MethodBuilder",
    "NetworkAlone",
    "PropagationMethod",
    "Propagator",
    "PropagatorConfig",
    "RoundReport",
    "ShapeInterpolation",
    "ShapesAndNetwork",
    "SliceEvidence",
    "SliceSource",
    "SliceSuggestion",
    "StcnPropagation",
    "StopRule",
    "VolumeSlices",
    "advise",
    "check_method",
    "load_method",
    "load_propagation_engine",
    "method_with",
    "propagate_volume",
    "step_px",
]
