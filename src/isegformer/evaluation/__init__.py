"""Measuring: overlap of masks, clicks needed, effort in volumes."""

from isegformer.evaluation.clicks_needed import MAX_CLICKS, ClickRun, clicks_needed, run_clicks
from isegformer.evaluation.overlap import dice, iou

__all__ = ["MAX_CLICKS", "ClickRun", "clicks_needed", "dice", "iou", "run_clicks"]
