import dataclasses

import numpy as np
import pytest
import torch

from isegformer.adaptation.case import labelled_case
from isegformer.adaptation.validation import (
    ClickScore,
    StackScore,
    click_items,
    score_clicks,
    score_stacks,
    stack_items,
)
from isegformer.interaction import PredictorConfig, SlicePredictor
from isegformer.propagation import ShapeInterpolation
from isegformer.slicing import Plane
from isegformer.volume import LabelMap


class Bright:
    """Says that what is bright is the object, whatever is clicked."""

    click_radius_px = 3.0
    device = torch.device("cpu")

    def embed(self, image):
        return image

    def logits(self, image, hint):
        return 40 * (image[:, :1] - 0.55)


class Nothing:
    """Never finds anything."""

    click_radius_px = 3.0
    device = torch.device("cpu")

    def embed(self, image):
        return image

    def logits(self, image, hint):
        return torch.full_like(image[:, :1], -5.0)


def predictor_of(network):
    return SlicePredictor(network, PredictorConfig(zoom=None))


def test_the_first_item_of_an_object_is_its_largest_slice(ball_case):
    items = click_items([ball_case])
    assert items[0].plane == Plane(axis=2, index=9)
    assert len({item.plane for item in items}) == len(items) >= 4
    assert all(item.plane.index in range(3, 16) for item in items)


def test_items_are_taken_from_all_cases_and_objects_in_turn(ball_case):
    labels = ball_case.labels.copy()
    labels[:10] *= 3  # label 6 beside label 2
    split = labelled_case(ball_case.volume, LabelMap(labels, ball_case.volume.geometry), name="two")
    items = click_items([ball_case, split], most=3)
    assert [(item.case.name, item.label) for item in items] == [("ball", 2), ("two", 2), ("two", 6)]


def test_only_known_slices_are_clicked(drawn_case):
    assert {item.plane.index for item in click_items([drawn_case])} == {4, 8, 12}


def test_clicks_are_counted_to_the_target(ball_case):
    items = click_items([ball_case])
    assert score_clicks(predictor_of(Bright()), items).mean == 1.0
    failed = score_clicks(predictor_of(Nothing()), items[:2])
    assert failed.needed == (20, 20)
    assert failed.mean == 20.0


def test_every_known_slice_is_clicked_where_there_are_few_objects(ball_case):
    assert {item.plane.index for item in click_items([ball_case])} == set(range(3, 16))


def test_clicks_are_averaged_over_the_targets(ball_case):
    class TooLarge(Bright):
        """Finds the object and a sixth more, which no click mends: an IoU of 6 / 7 = 0.857."""

        def logits(self, image, hint):
            found = super().logits(image, hint)
            n_more = round(int((found > 0).sum()) / 6)
            more = torch.nonzero(found[0, 0] <= 0)[:n_more]
            found[0, 0, more[:, 0], more[:, 1]] = 5.0
            return found

    (needed,) = score_clicks(predictor_of(TooLarge()), click_items([ball_case])[:1]).needed
    assert needed == pytest.approx((1 + 1 + 20) / 3)


def test_objects_are_propagated_from_one_three_and_five_slices(ball_case):
    items = stack_items([ball_case])
    assert [item.annotated for item in items] == [(9,), (4, 9, 14), (3, 6, 9, 12, 15)]


def test_objects_on_too_few_known_slices_are_not_propagated(drawn_case):
    assert [item.annotated for item in stack_items([drawn_case])] == [(8,)]
    two = dataclasses.replace(drawn_case, known={2: (4, 8)})
    assert stack_items([two]) == ()


def test_dice_counts_known_slices_that_were_not_given(ball_case, drawn_case):
    three = stack_items([ball_case])[1:2]
    score = score_stacks(ShapeInterpolation(), three)
    # Interpolation reproduces a ball between slices 4 and 14 up to its curvature, and has nothing beyond.
    assert 0.8 < score.mean < 1.0
    alone = score_stacks(ShapeInterpolation(), stack_items([drawn_case]))
    assert alone.dice == (0.0,)


def test_the_mean_is_over_items():
    assert ClickScore(needed=(1, 2, 20)).mean == pytest.approx(23 / 3)
    assert StackScore(dice=(0.5, 1.0)).mean == 0.75
    assert np.isfinite(StackScore(dice=(1.0,)).mean)
