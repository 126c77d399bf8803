"""Tests for isegformer.training.deformation."""

import numpy as np
import pytest

from isegformer.training.deformation import deform_image, deform_labels, draw_field


def test_pixels_show_what_was_at_their_displaced_place():
    labels = np.arange(20, dtype=np.uint16).reshape(4, 5)
    field = np.zeros((4, 5, 2), np.float32)
    field[..., 0], field[..., 1] = 1, 2  # one column to the right, two rows down
    expected = np.zeros((4, 5), np.uint16)
    expected[:2, :4] = labels[2:, 1:]
    assert np.array_equal(deform_labels(labels, field), expected)
    assert np.array_equal(deform_image(labels.astype(np.float32), field), expected.astype(np.float32))


def test_no_displacement_changes_nothing():
    rng = np.random.default_rng(0)
    image, labels = rng.random((6, 6, 3), dtype=np.float32), rng.integers(0, 999, (6, 6)).astype(np.int64)
    still = np.zeros((6, 6, 2), np.float32)
    assert np.array_equal(deform_image(image, still), image)
    assert np.array_equal(deform_labels(labels, still), labels)
    assert deform_labels(labels, still).dtype == np.int64


def test_image_and_labels_move_alike():
    labels = np.zeros((64, 64), np.uint16)
    labels[20:44, 16:40] = 700
    field = draw_field(np.random.default_rng(1), side_px=64, strength_px=4, smoothness_px=16)
    moved = deform_labels(labels, field)
    drawn = deform_image((labels > 0).astype(np.float32), field)
    assert set(np.unique(moved)) == {0, 700}
    assert not np.array_equal(moved, labels)
    disagree = (drawn > 0.5) != (moved > 0)
    assert disagree.mean() < 0.01  # nearest against linear, at the border


def test_fields_are_smooth_and_as_strong_as_asked():
    fields = np.stack(
        [
            draw_field(np.random.default_rng(seed), side_px=96, strength_px=4, smoothness_px=32)
            for seed in range(30)
        ]
    )
    assert fields.shape == (30, 96, 96, 2)
    assert fields.dtype == np.float32
    assert 2.5 < fields.std() < 5
    assert abs(fields.mean()) < 0.5
    assert np.diff(fields[..., 0], axis=2).min() > -1  # no pixel overtakes its neighbour: images do not fold
    assert np.diff(fields[..., 1], axis=1).min() > -1


def test_fields_depend_on_the_generator_alone():
    one, same, other = (
        draw_field(np.random.default_rng(seed), side_px=32, strength_px=2, smoothness_px=8)
        for seed in (3, 3, 4)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[..., 0], one[..., 1])


@pytest.mark.parametrize("smoothness_px", [1.0, 500.0])
def test_extreme_smoothness_still_gives_a_field(smoothness_px):
    field = draw_field(np.random.default_rng(0), side_px=8, strength_px=1, smoothness_px=smoothness_px)
    assert field.shape == (8, 8, 2)
    assert np.isfinite(field).all()
