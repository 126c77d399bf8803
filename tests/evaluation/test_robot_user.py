"""Tests for isegformer.evaluation.robot_user, slice_annotators: real sessions, stand-ins for networks."""

from dataclasses import replace

import numpy as np
import pytest
from volume_fakes import DiskAtEachClick

from isegformer.errors import ConfigError, GeometryError
from isegformer.evaluation.records import RecordKey
from isegformer.evaluation.robot_user import RobotBudget, RobotUser, robot_record
from isegformer.evaluation.slice_annotators import ClickingAnnotator, TruthAnnotator
from isegformer.evaluation.slice_strategies import STRATEGIES
from isegformer.propagation import AdvisingPropagation, ShapeInterpolation
from isegformer.session import AddObject, Session, WeightsFingerprint
from isegformer.slicing import Plane
from isegformer.volume import Geometry, Volume

SHAPE = (12, 14, 16)


@pytest.fixture
def goal():
    """Return two objects, 2 and 5: a ball and a rod."""
    i, j, k = np.indices(SHAPE)
    labels = np.where((i - 5) ** 2 + (j - 5) ** 2 + (k - 5) ** 2 < 17, 2, 0).astype(np.uint16)
    labels[2:10, 11:13, 12:15] = 5
    return labels


@pytest.fixture
def propagation():
    return AdvisingPropagation(ShapeInterpolation())


@pytest.fixture
def session(tmp_path, propagation):
    volume = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, np.diag([1.0, 2.0, 3.0, 1.0])))
    with Session.create(
        tmp_path / "session",
        volume,
        segmenter=DiskAtEachClick(),
        propagations={"shapes": propagation},
        weights=WeightsFingerprint(click="a", propagation="b"),
    ) as session:
        yield session


@pytest.fixture
def work(session, goal, propagation):
    """Return a function that lets a robot user work on the goal across axis 0."""

    def run(*, strategy="even", annotator=None, truth=goal, **budget):
        user = RobotUser(
            annotator=TruthAnnotator() if annotator is None else annotator,
            strategy=STRATEGIES[strategy],
            budget=RobotBudget(**budget),
        )
        return user.work(
            session, truth, axis=0, method="shapes", propagation=propagation, rng=np.random.default_rng(0)
        )

    return run


def test_it_begins_in_the_middle_and_takes_each_slice_once(work, session):
    steps = work(most_slices=6)
    assert steps[0].index == 5, "objects lie on slices 1 to 9"
    assert session.annotated(0) == tuple(sorted(step.index for step in steps))
    assert len({step.index for step in steps}) == 6


def test_given_slices_of_the_truth_cost_no_click_and_are_kept(work, session, goal):
    steps = work(most_slices=5)
    assert [step.clicks for step in steps] == [0] * 5
    for step in steps:
        assert np.array_equal(session.slice_labels(Plane(axis=0, index=step.index)), goal[step.index])


def test_dice_is_that_of_each_object_in_the_whole_volume(work, goal):
    (step,) = work(most_slices=1)
    # Interpolation leaves one slice of each object: 2 * one slice / (one slice + object).
    for label in (2, 5):
        one, whole = np.count_nonzero(goal[step.index] == label), np.count_nonzero(goal == label)
        assert step.dice[label] == pytest.approx(2 * one / (one + whole))


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_every_strategy_gets_to_the_end(work, strategy):
    steps = work(strategy=strategy, most_slices=12)
    assert min(steps[-1].dice.values()) > 0.95
    assert min(steps[-1].advice.predicted_dice.values()) > 0.8


def test_it_is_content_when_every_object_is_good_enough(work):
    steps = work(most_slices=12, enough_dice=0.7)
    assert min(steps[-1].dice.values()) >= 0.7
    assert all(min(step.dice.values()) < 0.7 for step in steps[:-1])


def test_no_slice_is_begun_once_the_clicks_are_spent(work):
    annotator = ClickingAnnotator(target_iou=1.0, most_clicks=3)
    steps = work(annotator=annotator, most_clicks=7, most_slices=12)
    clicks = np.cumsum([step.clicks for step in steps])
    assert clicks[-1] >= 7
    assert clicks[-2] < 7


def test_clicks_stop_at_a_slice_that_is_good_enough(session, goal):
    session.apply(AddObject(label=2, name="ball"))
    plane = Plane(axis=0, index=5)
    annotator = ClickingAnnotator(target_iou=0.5)
    assert annotator.annotate(session, goal[5], plane=plane) == 1, "one disk is half of the ball"
    assert len(session.clicks(2, plane)) == 1
    assert annotator.annotate(session, goal[5], plane=plane) == 0


def test_an_object_that_is_not_there_is_cleared_with_one_click(session, goal):
    session.apply(AddObject(label=2, name="ball"))
    plane = Plane(axis=0, index=5)
    TruthAnnotator().annotate(session, goal[5], plane=plane)
    empty = np.zeros_like(goal[5])
    assert ClickingAnnotator().annotate(session, empty, plane=plane) == 1
    assert not session.slice_labels(plane).any()


def test_patience_ends_on_a_slice_that_cannot_be_made_good(session, goal):
    session.apply(AddObject(label=2, name="ball"))
    speckled = np.indices(goal[5].shape).sum(axis=0) % 2 * 2
    plane = Plane(axis=0, index=5)
    annotator = ClickingAnnotator(target_iou=1.0, most_clicks=4)
    assert annotator.annotate(session, speckled.astype(np.uint16), plane=plane) == 4


def test_the_record_of_an_object_has_its_curve(work):
    steps = work(annotator=ClickingAnnotator(target_iou=0.7), most_slices=4)
    key = RecordKey(dataset="made up", case="balls", label=5, method="shapes", setting="even")
    record = robot_record(steps, key=key, shape=SHAPE, axis=0)
    assert record.annotated == tuple(step.index for step in steps)
    assert record.n_clicks == sum(step.clicks for step in steps)
    assert [point[0] for point in record.curve] == [1, 2, 3, 4]
    assert record.curve[1] == (2, steps[0].clicks + steps[1].clicks, steps[1].dice[5])
    assert record.metrics["dice"] == steps[-1].dice[5]
    assert record.predicted_dice == tuple(step.advice.predicted_dice[5] for step in steps)
    assert record.seconds == pytest.approx(sum(step.seconds for step in steps))
    assert replace(record, error=None) == record


def test_the_same_robot_does_the_same_work_again(work, session):
    indices = [step.index for step in work(strategy="random", most_slices=4)]
    assert len(indices) == 4
    assert session.verify_replay().is_identical


def test_a_goal_that_is_no_goal_is_refused(work):
    with pytest.raises(GeometryError, match="expected that of the volume"):
        work(truth=np.ones((2, 3, 4), np.uint16))
    with pytest.raises(GeometryError, match="the goal is empty"):
        work(truth=np.zeros(SHAPE, np.uint16))


@pytest.mark.parametrize("change", [{"most_slices": 0}, {"most_clicks": 0}, {"enough_dice": 1.1}])
def test_a_budget_of_nothing_is_refused(change):
    with pytest.raises(ConfigError, match="budget is"):
        RobotBudget(**change)
