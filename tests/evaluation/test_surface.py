"""Surfaces: known distances between hand-made masks, and what MONAI's conventions are."""

import numpy as np
import pytest

from isegformer.errors import ConfigError, ShapeMismatchError
from isegformer.evaluation import surface
from isegformer.evaluation.surface import box_around, surface_agreement

SHAPE = (7, 8, 13)
SPACING_MM = (2.0, 3.0, 5.0)


def voxels(*indices, shape=SHAPE):
    mask = np.zeros(shape, bool)
    for index in indices:
        mask[index] = True
    return mask


@pytest.mark.parametrize(
    ("step", "distance_mm"), [((1, 0, 0), 2.0), ((0, 1, 0), 3.0), ((0, 0, 1), 5.0), ((0, 2, 1), 61**0.5)]
)
def test_two_single_voxels_are_as_far_apart_as_their_spacing_says(step, distance_mm):
    found = surface_agreement(
        voxels((2, 3, 4)), voxels(tuple(np.add((2, 3, 4), step))), spacing_mm=SPACING_MM
    )
    assert found.assd_mm == pytest.approx(distance_mm)
    assert found.hd95_mm == pytest.approx(distance_mm)


def test_assd_is_the_mean_of_all_distances_of_both_surfaces():
    # distances of the prediction: 0 and 6 mm; of the target: 0; mean of (0, 6, 0)
    found = surface_agreement(voxels((2, 3, 4), (5, 3, 4)), voxels((2, 3, 4)), spacing_mm=SPACING_MM)
    assert found.assd_mm == pytest.approx(2.0)


def test_hd95_is_the_larger_of_the_percentiles_of_the_two_surfaces_interpolated():
    # distances of the prediction: 11 times 0 and once 4 mm; at 0.95 * 11 = 10.45 lies 0.45 of the way to 4
    row = [(1, 4, k) for k in range(11)]
    found = surface_agreement(voxels(*row, (3, 4, 5)), voxels(*row), spacing_mm=SPACING_MM)
    assert found.hd95_mm == pytest.approx(1.8)
    other_way = surface_agreement(voxels(*row), voxels(*row, (3, 4, 5)), spacing_mm=SPACING_MM)
    assert other_way.hd95_mm == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("step", "tolerance_mm", "expected"),
    [
        ((1, 0, 0), 1.9, 0.5),  # the shared face agrees, the opposite ones lie 2 mm apart
        ((1, 0, 0), 2.0, 1.0),  # at the tolerance is within it
        ((0, 0, 1), 4.9, 0.5),
        ((0, 0, 1), 5.0, 1.0),
        ((0, 0, 2), 4.9, 0.0),  # no face is shared; the nearer ones lie 5 mm apart, the others 10
        ((0, 0, 2), 5.0, 0.5),
        ((0, 0, 0), 0.0, 1.0),
    ],
)
def test_surface_dice_is_the_share_of_surface_within_the_tolerance(step, tolerance_mm, expected):
    found = surface_agreement(
        voxels((2, 3, 4)),
        voxels(tuple(np.add((2, 3, 4), step))),
        spacing_mm=SPACING_MM,
        tolerance_mm=tolerance_mm,
    )
    assert found.nsd == pytest.approx(expected)


def test_surface_dice_weighs_faces_with_their_area():
    # target 10 x 10 x 100 mm, prediction 20 mm longer. Surfaces: 4200 and 5000 mm2. What disagrees: the end
    # of each, 100 mm2, and the sides of the addition, 600 mm2: their first half slice touches the target's
    # corner. Counted in voxels, a face of 10 mm2 as one of 1 mm2, it would be 0.79.
    target, prediction = np.zeros((2, 14, 14, 16), bool)
    target[2:12, 2:12, 2:12] = True
    prediction[2:12, 2:12, 2:14] = True
    found = surface_agreement(prediction, target, spacing_mm=(1.0, 1.0, 10.0), tolerance_mm=0.5)
    assert found.nsd == pytest.approx(1 - 800 / 9200, abs=0.01)


def test_equal_masks_agree_wholly_and_a_full_volume_has_a_surface():
    full = np.ones(SHAPE, bool)
    found = surface_agreement(full, full, spacing_mm=SPACING_MM)
    assert (found.assd_mm, found.hd95_mm, found.nsd) == (0.0, 0.0, 1.0)


def test_a_full_volume_against_a_ball_inside_it_has_its_surface_on_the_outermost_voxels():
    found = surface_agreement(
        np.ones((3, 3, 3), bool), voxels((1, 1, 1), shape=(3, 3, 3)), spacing_mm=(1, 1, 1)
    )
    # 6 faces at 1, 12 edges at sqrt 2, 8 corners at sqrt 3 from the middle, and the middle at 1
    assert found.assd_mm == pytest.approx((6 + 12 * 2**0.5 + 8 * 3**0.5 + 1) / 27)


def test_one_empty_mask_has_no_distances_and_no_surface_in_common():
    for prediction, target in ((voxels(), voxels((2, 3, 4))), (voxels((2, 3, 4)), voxels())):
        found = surface_agreement(prediction, target, spacing_mm=SPACING_MM)
        assert (found.assd_mm, found.hd95_mm, found.nsd) == (None, None, 0.0)


def test_two_empty_masks_have_no_surfaces_to_compare():
    found = surface_agreement(voxels(), voxels(), spacing_mm=SPACING_MM)
    assert (found.assd_mm, found.hd95_mm, found.nsd) == (None, None, None)


@pytest.mark.parametrize("corner", [(0, 0, 0), (3, 2, 5), (7, 9, 8)])
def test_cutting_out_the_masks_changes_nothing(corner, monkeypatch):
    rng = np.random.default_rng(4)
    first, second = np.zeros((2, 12, 14, 15), bool)
    box = tuple(slice(start, start + size) for start, size in zip(corner, (5, 5, 7), strict=True))
    first[box], second[box] = rng.random((2, 5, 5, 7)) > 0.5
    cut = surface_agreement(first, second, spacing_mm=SPACING_MM, tolerance_mm=2.5)
    monkeypatch.setattr(surface, "box_around", lambda mask, **_: np.s_[:, :, :])
    assert surface_agreement(first, second, spacing_mm=SPACING_MM, tolerance_mm=2.5) == cut


def test_the_box_around_a_mask_keeps_a_margin_within_the_array():
    mask = voxels((0, 3, 4), (2, 4, 4))
    assert box_around(mask, margin_vox=2) == np.s_[0:5, 1:7, 2:7]


def test_masks_of_different_shape_are_refused():
    with pytest.raises(ShapeMismatchError, match=r"\(2, 2, 2\)"):
        surface_agreement(np.ones((2, 2, 2), bool), np.ones((2, 2, 3), bool), spacing_mm=(1, 1, 1))


@pytest.mark.parametrize("tolerance_mm", [-0.1, np.inf, np.nan])
def test_a_tolerance_that_is_no_length_is_refused(tolerance_mm):
    with pytest.raises(ConfigError, match="tolerance"):
        surface_agreement(voxels(), voxels(), spacing_mm=SPACING_MM, tolerance_mm=tolerance_mm)
