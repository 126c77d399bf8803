"""Rounds of work by a simulated user."""

import numpy as np
import pytest

from isegformer.demo import DemoPlan, Scene, SimulatedUser, run_rounds, worst_slices
from isegformer.demo.rounds import spread_slices
from isegformer.errors import GeometryError
from isegformer.session import AddObject
from isegformer.slicing import Plane


def test_the_user_clicks_until_the_slice_is_good_enough(session, scene):
    session.apply(AddObject(label=1, name="ball"))
    plane, seen = Plane(axis=2, index=8), []
    clicks = SimulatedUser(target_iou=0.95, most_clicks=20).work_on(
        session, scene.goal[:, :, 8], label=1, plane=plane, on_click=lambda: seen.append(1)
    )
    assert clicks == len(seen) == len(session.clicks(1, plane)) == 2
    first, second = session.clicks(1, plane)
    assert (first.row, first.col, first.is_positive) == (10, 9, True)
    assert (second.row, second.col, second.is_positive) == (2, 2, False)
    assert np.array_equal(session.slice_labels(plane) == 1, scene.goal[:, :, 8])


def test_the_user_gives_up_when_patience_ends(session, scene):
    session.apply(AddObject(label=1, name="ball"))
    user = SimulatedUser(target_iou=1.0, most_clicks=1)
    plane = Plane(axis=2, index=8)
    assert user.work_on(session, scene.goal[:, :, 8], label=1, plane=plane, on_click=lambda: None) == 1
    assert len(session.clicks(1, plane)) == 1


def test_the_user_leaves_a_slice_alone_where_the_object_is_not(session, scene):
    session.apply(AddObject(label=1, name="ball"))
    nothing = np.zeros((20, 18), bool)
    plane = Plane(axis=2, index=0)
    assert SimulatedUser().work_on(session, nothing, label=1, plane=plane, on_click=lambda: None) == 0


def test_the_second_round_works_on_other_slices_and_improves(session, scene):
    plan = DemoPlan(first_slices=1, refined_slices=2, least_gap=2)
    progress = []
    first, second = run_rounds(
        session,
        scene,
        plan=plan,
        method="nearest",
        on_slice=lambda done, total: progress.append((done, total)),
    )
    assert first.slices == (8,)
    assert len(second.slices) == 2
    assert first.dice < second.dice <= 1
    assert (first.predicted_slices, second.predicted_slices) == (16, 16)
    assert session.annotated(2) == tuple(sorted((*first.slices, *second.slices)))
    assert min(first.click_seconds, first.propagation_seconds) > 0
    assert progress == [(16, 16), (16, 16)]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [8]), (2, [5, 11]), (3, [4, 8, 12]), (40, list(range(2, 15)))]
)
def test_first_slices_are_spread_over_the_object(scene, count, expected):
    assert spread_slices(scene.goal, axis=2, count=count) == expected


def test_worst_slices_have_the_most_wrong_pixels_and_keep_their_distance():
    goal = np.zeros((12, 6, 6), bool)
    mask = goal.copy()
    for index, wrong in ((1, 5), (2, 6), (5, 30), (6, 29), (9, 20)):
        mask[index].flat[:wrong] = True
    assert worst_slices(mask, goal, axis=0, taken=[10], count=2, least_gap=2) == [2, 5]
    assert worst_slices(mask, goal, axis=0, taken=[], count=1, least_gap=1) == [5]
    assert worst_slices(mask, goal, axis=0, taken=[], count=9, least_gap=1) == [1, 2, 5, 6, 9]
    assert worst_slices(goal, goal, axis=0, taken=[], count=2, least_gap=1) == []


@pytest.mark.parametrize(
    "goal", [np.zeros((20, 18, 16), bool), np.ones((20, 18, 15), bool), np.ones((20, 18, 16))]
)
def test_a_goal_that_is_none_is_refused(scene, goal):
    with pytest.raises(GeometryError, match="goal is"):
        Scene(name="ball", volume=scene.volume, goal=goal, axis=2)
