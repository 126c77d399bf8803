"""Tests for isegformer.propagation.aggregation."""

import numpy as np
import torch

from isegformer.propagation.aggregation import labels_of, masks_of, strongest, sum_of_others


def test_masks_are_one_per_object_in_order():
    masks = masks_of(np.array([[0, 9], [4, 4]], np.uint16), [4, 9, 65535])
    assert masks.dtype == np.uint8
    assert masks.tolist() == [[[0, 0], [1, 1]], [[0, 1], [0, 0]], [[0, 0], [0, 0]]]


def test_others_are_the_sum_without_the_object_itself():
    masks = torch.tensor([0.5, 0.25, 0.125]).view(3, 1, 1, 1)
    assert sum_of_others(masks).flatten().tolist() == [0.375, 0.625, 0.75]
    assert sum_of_others(masks[:1]).item() == 0


def test_strongest_includes_the_background_and_ties_go_to_the_first():
    probability = torch.tensor([[0.6, 0.1, 0.5, 0.4], [0.1, 0.2, 0.0, 0.4]]).view(2, 1, 4)
    assert strongest(probability).tolist() == [[1, 0, 0, 1]]


def test_labels_are_the_objects_own_values():
    labels = labels_of(torch.tensor([[0.9, 0.0, 0.1], [0.0, 0.0, 0.8]]).view(2, 1, 3), [5, 65535])
    assert labels.dtype == np.uint16
    assert labels.tolist() == [[5, 0, 65535]]
