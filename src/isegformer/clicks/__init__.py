"""Clicks: what they are, how a network sees them, where a simulated user puts them."""

from isegformer.clicks.box import clicks_of_box
from isegformer.clicks.click import Click, check_clicks_inside
from isegformer.clicks.encoding import click_positions, encode_disks
from isegformer.clicks.human import HumanClickConfig, human_next_click
from isegformer.clicks.sampling import FirstClickConfig, sample_first_clicks
from isegformer.clicks.simulation import depth, error_depths, next_click, perturbed_next_click

__all__ = [
    "Click",
    "FirstClickConfig",
    "HumanClickConfig",
    "check_clicks_inside",
    "click_positions",
    "clicks_of_box",
    "depth",
    "encode_disks",
    "error_depths",
    "human_next_click",
    "next_click",
    "perturbed_next_click",
    "sample_first_clicks",
]
