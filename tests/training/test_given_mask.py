import numpy as np
import pytest

from isegformer.evaluation import iou
from isegformer.training import given_mask
from isegformer.training.given_mask import degraded


@pytest.fixture
def disk():
    rows, cols = np.mgrid[:70, :90]
    return (rows - 30) ** 2 + (cols - 50) ** 2 <= 20**2


def test_the_mask_stays_right_in_the_main(disk):
    overlaps = [iou(degraded(disk, rng=np.random.default_rng(seed)) > 0.5, disk) for seed in range(40)]
    assert np.mean(overlaps) > 0.55
    assert len({round(value, 3) for value in overlaps}) > 30
    assert max(overlaps) < 1


def test_errors_lie_near_the_border(disk):
    """With errors of at most a fifth of the object's size, 3 standard deviations reach 0.6 of it."""
    rows, cols = np.mgrid[:70, :90]
    distance_px = np.abs(np.hypot(rows - 30, cols - 50) - 20)
    size_px = np.sqrt(disk.sum())
    for seed in range(20):
        wrong = (degraded(disk, rng=np.random.default_rng(seed)) > 0.5) != disk
        assert distance_px[wrong].max(initial=0) < 0.9 * size_px


def test_an_object_that_the_slice_cuts_has_no_error_from_the_edge_of_the_slice(monkeypatch):
    """Beyond the slice the object may go on: far from its only border nothing is wrong."""
    monkeypatch.setattr(given_mask, "LARGEST_ERROR", 0.0)
    monkeypatch.setattr(given_mask, "LARGEST_OFFSET", 0.0)
    mask = np.zeros((20, 31), bool)
    mask[:, :12] = True
    assert ((degraded(mask, rng=np.random.default_rng(0)) > 0.5) == mask).all()


def test_without_error_the_border_is_soft_and_where_it_was(disk, monkeypatch):
    monkeypatch.setattr(given_mask, "LARGEST_ERROR", 0.0)
    monkeypatch.setattr(given_mask, "LARGEST_OFFSET", 0.0)
    probability = degraded(disk, rng=np.random.default_rng(0))
    assert ((probability > 0.5) == disk).all()
    assert probability.dtype == np.float32
    assert 0.8 < probability[disk].min() < 0.95
    assert probability[30, 50] == pytest.approx(1)


def test_the_same_seed_gives_the_same_mask(disk):
    first, again = (degraded(disk, rng=np.random.default_rng(4)) for _ in range(2))
    assert (first == again).all()
