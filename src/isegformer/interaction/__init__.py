"""One object on one slice: from clicks to a mask."""

from isegformer.interaction.loading import load_predictor
from isegformer.interaction.predictor import THRESHOLD, Prediction, PredictorConfig, SlicePredictor
from isegformer.interaction.zoom import ZoomConfig

__all__ = ["THRESHOLD", "Prediction", "PredictorConfig", "SlicePredictor", "ZoomConfig", "load_predictor"]
