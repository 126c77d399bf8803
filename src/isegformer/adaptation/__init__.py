"""Adapting the networks to a user's own cases; needs the extra `train`."""

from isegformer.adaptation.adapt import Adapted, Limits, Progress, adapt
from isegformer.adaptation.case import AdaptationCase, labelled_case
from isegformer.adaptation.entry import AdaptationReport, adapt_cases, enter
from isegformer.adaptation.reading import read_cases

__all__ = [
    "AdaptationCase",
    "AdaptationReport",
    "Adapted",
    "Limits",
    "Progress",
    "adapt",
    "adapt_cases",
    "enter",
    "labelled_case",
    "read_cases",
]
