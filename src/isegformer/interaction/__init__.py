"""One object on one slice: from clicks to a mask."""

from isegformer.interaction.loading import load_click_engine, load_predictor, load_predictor_config
from isegformer.interaction.predictor import THRESHOLD, Prediction, PredictorConfig, SlicePredictor
from isegformer.interaction.zoom import ZoomConfig

__all__ = [
    "THRESHOLD",
    "Prediction",
    "PredictorConfig",
    "SlicePredictor",
    "ZoomConfig",
    "load_click_engine",
    "load_predictor",
    "load_predictor_config",
]
