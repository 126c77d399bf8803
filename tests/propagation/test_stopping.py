"""Tests for isegformer.propagation.stopping."""

import pytest
import torch

from isegformer.propagation.config import StopRule
from isegformer.propagation.stopping import ObjectAtEnds, ObjectTracker

RULE = StopRule(area_fraction=0.5, min_area_px=3, confidence_fraction=0, min_confidence=0.7, patience=2)


def tracker(rule=RULE, surest=None, **ends):
    """Return a tracker; o5=(12, False) is object 5 with its area and whether it is at the far end."""
    return ObjectTracker(
        rule,
        {
            int(name[1:]): ObjectAtEnds(start_area_px=area, is_at_far_end=far)
            for name, (area, far) in ends.items()
        },
        surest={} if surest is None else surest,
    )


def probability(*objects):
    """Return (N, 1, 20): each object of (area, confidence) in pixels of its own."""
    result, begin = torch.zeros(len(objects), 1, 20), 0
    for place, (area, confidence) in enumerate(objects):
        result[place, 0, begin : begin + area] = confidence
        begin += area
    return result


def test_object_ends_after_weak_slices_in_a_row():
    one = tracker(o5=(12, False))
    for area, expected in ((5, [5]), (6, [5]), (5, [5]), (5, [])):
        one.observe(probability((area, 0.9)))
        assert one.active == expected


def test_low_confidence_is_weak():
    one = tracker(o5=(4, False))
    one.observe(probability((4, 0.65)))
    one.observe(probability((4, 0.65)))
    assert one.active == []


def test_an_object_is_weak_when_the_network_is_less_sure_than_it_was():
    one = tracker(StopRule(confidence_fraction=0.9, min_confidence=0), o5=(4, False), o7=(4, False))
    for sure, unsure in ((0.7, 0.8), (0.9, 0.73), (0.82, 0.75), (0.8, 0.74), (0.8, 0.73)):
        assert one.active == [5, 7]
        one.observe(probability((4, sure), (4, unsure)))
    assert one.active == [7]  # two slices in a row below 0.81, against 0.72 for the one never so sure


def test_passes_of_a_round_share_how_sure_the_network_was():
    rule, surest = StopRule(confidence_fraction=0.9, min_confidence=0), {}
    between = tracker(rule, surest, o5=(4, True))
    between.observe(probability((4, 0.9)))
    beyond, alone = tracker(rule, surest, o5=(4, False)), tracker(rule, o5=(4, False))
    for one in (beyond, alone):
        for _ in range(2):
            one.observe(probability((4, 0.8)))
    assert beyond.active == []
    assert alone.active == [5]


def test_a_few_sure_pixels_do_not_count_as_the_object():
    surest = {}
    one = tracker(StopRule(area_fraction=0.5), surest, o5=(8, False))
    for area, confidence in ((8, 0.8), (3, 1.0), (8, 0.78)):
        one.observe(probability((area, confidence)))
    assert surest[5] == pytest.approx(0.8)
    assert one.active == [5]


def test_objects_end_independently():
    one = tracker(o5=(8, False), o7=(8, False))
    for _ in range(2):
        one.observe(probability((2, 0.9), (8, 0.9)))
    assert one.active == [7]
    for _ in range(2):
        one.observe(probability((0, 0.9)))
    assert one.active == []
    one.observe(torch.zeros(0, 1, 20))
    assert one.active == []


def test_object_at_the_far_end_never_stops():
    one = tracker(o5=(8, True), o7=(0, True))
    for _ in range(5):
        one.observe(probability((0, 0), (0, 0)))
    assert one.active == [5, 7]


def test_object_that_is_absent_at_both_ends_is_never_begun():
    assert tracker(o5=(0, False), o7=(1, False)).active == [7]


def test_object_of_one_pixel_goes_on_while_it_has_one_pixel():
    one = tracker(o5=(1, False))
    for _ in range(3):
        one.observe(probability((1, 0.9)))
    assert one.active == [5]


def test_without_a_rule_nothing_stops():
    one = tracker(rule=None, o5=(0, False))
    for _ in range(5):
        one.observe(probability((0, 0)))
    assert one.active == [5]
