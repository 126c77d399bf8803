"""Data folders: labelled and unlabelled slices and volumes, in generic and in published forms."""

from isegformer.datasets.index import read_index, read_split
from isegformer.datasets.registry import FORMS, form_named, open_cases
from isegformer.datasets.selection import select_objects
from isegformer.datasets.values import (
    Cases,
    Form,
    LabelledSlice,
    LabelledVolume,
    SliceCases,
    VolumeCases,
)

__all__ = [
    "FORMS",
    "Cases",
    "Form",
    "LabelledSlice",
    "LabelledVolume",
    "SliceCases",
    "VolumeCases",
    "form_named",
    "open_cases",
    "read_index",
    "read_split",
    "select_objects",
]
