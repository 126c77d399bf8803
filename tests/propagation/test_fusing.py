"""Tests for isegformer.propagation.fusing."""

import pytest
import torch

from isegformer.models.fusion import FusionNetwork
from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.propagation.fusing import (
    Correction,
    LinearFuser,
    NetworkFuser,
    SliceToFuse,
    correction_of,
)


def item(**change):
    torch.manual_seed(0)
    given = {
        "frame": torch.rand(1, 3, 16, 32),
        "key": torch.tensor([[[[0.0, 50.0]]]]),
        "stored": torch.rand(2, 16, 32) / 2,
        "new": torch.rand(2, 16, 32) / 2,
        "far_share": 0.25,
        "correction": Correction(key=torch.tensor([[50.0], [0.0]]), difference=torch.rand(2, 2, 2)),
    }
    return SliceToFuse(**{**given, **change})


@pytest.mark.parametrize(("share", "expected"), [(1.0, 0.8), (0.75, 0.7), (0.0, 0.4)])
def test_linear_fusion_weighs_by_nearness(share, expected):
    given = item(far_share=share, new=torch.full((1, 2, 2), 0.8), stored=torch.full((1, 2, 2), 0.4))
    torch.testing.assert_close(LinearFuser().fuse(given), torch.full((1, 2, 2), expected))


def test_correction_is_the_share_of_each_cell_added_and_removed():
    masks = torch.zeros(1, 1, 16, 32)
    masks[..., :8, :16] = 1  # upper half of the left cell
    stored = torch.zeros(1, 16, 32)
    stored[..., :4, :16] = 0.5  # of it, a quarter of the cell was half there
    stored[..., 16:] = 0.25
    correction = correction_of(masks, stored, key=torch.tensor([[[[3.0, 4.0]]]]))
    assert correction.key.tolist() == [[3], [4]]
    assert correction.difference.tolist() == [[[0.375, 0.0], [0.0, 0.25]]]


def test_network_sees_the_correction_through_keys_that_are_alike():
    network, seen = FusionNetwork(4), {}
    network.register_forward_pre_hook(lambda module, positional, given: seen.update(given), with_kwargs=True)
    given = item()
    with torch.no_grad():
        result = NetworkFuser(network, block_bytes=1).fuse(given)
        logits = network(given.frame, **seen)
    # The slice's left cell is alike to the second cell of the annotated one, and the right cell to the first.
    swapped = given.correction.difference.flip(2)
    torch.testing.assert_close(seen["attention"][:, :, 0, 0], swapped[:, :, 0])
    torch.testing.assert_close(seen["attention"][:, :, 0, -1], swapped[:, :, 1])
    assert seen["attention"].shape == (2, 2, 16, 32)
    assert seen["distances"].tolist() == [[0.25, 0.75]]
    assert torch.equal(seen["previous"][:, 0], given.stored)
    assert torch.equal(seen["current"][:, 0], given.new)
    torch.testing.assert_close(result, soft_aggregate(logits.sigmoid())[1:, 0])
