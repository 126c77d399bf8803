"""Which of the labels of a source are objects, and which pixels do not count."""

from dataclasses import replace

import numpy as np

from isegformer.datasets import LabelledSlice, select_objects
from isegformer.training.config import SourceConfig
from isegformer.types import AnyArray, Labels, Mask


def object_labels(labels: AnyArray, *, config: SourceConfig) -> tuple[Labels, Mask]:
    """Return the labels of objects and the pixels without a known class, both in the shape of `labels`."""
    ignored = np.zeros(labels.shape, np.bool_)
    if config.ignored_label is not None:
        ignored = np.asarray(labels == config.ignored_label)
    if config.label_groups is None:
        return np.where(ignored, 0, labels).astype(np.uint16), ignored
    return select_objects(np.where(ignored, 0, labels), config.label_groups), ignored


def with_object_labels(labelled: LabelledSlice, *, config: SourceConfig) -> LabelledSlice:
    """Return a slice with the objects alone, and the pixels that do not count."""
    labels, ignored = object_labels(labelled.labels, config=config)
    return replace(labelled, labels=labels, ignored=labelled.ignored | ignored)
