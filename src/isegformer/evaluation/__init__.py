"""Measuring: overlap of masks, clicks needed, effort in volumes."""

from isegformer.evaluation.clicks_needed import (
    MAX_CLICKS,
    ClickPredictor,
    ClickRun,
    clicks_needed,
    run_clicks,
)
from isegformer.evaluation.overlap import dice, iou
from isegformer.evaluation.peers import PEERS
from isegformer.evaluation.statistics import Estimate, bootstrap_mean, paired_difference
from isegformer.evaluation.users import USERS, CentreClicker, HumanClicker, SimulatedClicker

__all__ = [
    "MAX_CLICKS",
    "PEERS",
    "USERS",
    "CentreClicker",
    "ClickPredictor",
    "ClickRun",
    "Estimate",
    "HumanClicker",
    "SimulatedClicker",
    "bootstrap_mean",
    "clicks_needed",
    "dice",
    "iou",
    "paired_difference",
    "run_clicks",
]
