import cv2
import numpy as np
import pytest

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.evaluation import PEERS, iou, run_clicks
from isegformer.evaluation.click_methods import PeerMethod
from isegformer.evaluation.peer_geodesic import GeodesicCut, edges
from isegformer.evaluation.peer_grabcut import GrabCut, start_region
from isegformer.evaluation.peer_random_walker import RandomWalker
from isegformer.evaluation.seeded_predictor import SeedConfig, SeededPredictor, Seeds, seeds_of

NAMES = sorted(PEERS)
MIDDLE = Click(row=20, col=30, is_positive=True)


def ellipse(shape=(50, 70), centre=(20, 30), radii=(12, 18)):
    rows, cols = np.indices(shape)
    return ((rows - centre[0]) / radii[0]) ** 2 + ((cols - centre[1]) / radii[1]) ** 2 < 1


def picture(target, seed=3):
    """The object is bright, the background dark, both noisy."""
    noise = np.random.default_rng(seed).normal(scale=0.04, size=target.shape)
    return np.clip(np.where(target, 0.7, 0.3) + noise, 0, 1).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_one_click_finds_an_object_that_stands_out(name):
    target = ellipse()
    predictor = PEERS[name]()
    predictor.set_slice(picture(target))
    assert iou(predictor.predict([MIDDLE]).mask, target) > 0.85


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_seen_where_grey_values_agree(name):
    target = ellipse()
    image = np.full((*target.shape, 3), 0.2, np.float32)
    image[..., 0][target] = 0.8
    image[..., 1][~target] = 0.8
    predictor = PEERS[name]()
    predictor.set_slice(image)
    assert iou(predictor.predict([MIDDLE]).mask, target) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_click_separates_an_object_from_its_like(name):
    """Two equal disks joined by a bridge; the second one is clicked away."""
    target = ellipse(centre=(25, 18), radii=(12, 12))
    other = ellipse(centre=(25, 50), radii=(12, 12))
    both = target | other
    both[23:28, 25:45] = True
    predictor = PEERS[name]()
    predictor.set_slice(picture(both))
    positive = Click(row=25, col=18, is_positive=True)
    mask = predictor.predict([positive, Click(row=25, col=50, is_positive=False)]).mask
    assert mask[25, 18]
    assert not mask[25, 50]
    assert iou(mask, target) > iou(both, target)


@pytest.mark.parametrize("name", NAMES)
def test_clicks_improve_the_mask_in_the_loop_that_measures(name):
    target = ellipse()
    target[18:24, 40:66] = True
    run = run_clicks(PEERS[name](), picture(target, seed=8), target, stop_iou=0.9, max_clicks=6)
    assert max(run.ious) >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_the_same_question_has_the_same_answer(name):
    target = ellipse()
    answers = []
    for _ in range(2):
        predictor = PEERS[name]()
        predictor.set_slice(picture(target))
        answers.append(predictor.predict([MIDDLE]).probability)
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_pixels_in_memory_changes_nothing(name):
    target = ellipse()
    clicks = [MIDDLE, Click(row=45, col=5, is_positive=False)]
    answers = []
    for order in ("C", "F"):
        predictor = PEERS[name]()
        predictor.set_slice(np.asarray(picture(target), order=order))
        answers.append(predictor.predict(clicks).probability)
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 6), (2, 3), (3, 3), (4, 4), (5, 4, 3), (9, 7), (1, 40), (40, 2), (30, 40, 3)]
)
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_no_slice_is_too_small_or_too_even(name, shape, value):
    predictor = PEERS[name]()
    predictor.set_slice(np.full(shape, value, np.float32))
    height, width = shape[:2]
    clicks = [Click(row=height // 2, col=width // 2, is_positive=True)]
    prediction = predictor.predict(clicks)
    clicks.append(Click(row=0, col=width - 1, is_positive=width == 1))
    prediction = predictor.predict(clicks, prediction)
    assert prediction.probability.shape == (height, width)
    assert prediction.probability.dtype == np.float32
    assert 0 <= prediction.probability.min() <= prediction.probability.max() <= 1
    assert prediction.mask[height // 2, width // 2] or (height // 2, width // 2) == (0, width - 1)


def test_on_an_even_slice_the_geodesic_distance_is_the_plain_one():
    predictor = PEERS["geodesic"]()
    predictor.set_slice(np.full((21, 41), 0.5, np.float32))
    mask = predictor.predict(
        [Click(row=10, col=12, is_positive=True), Click(row=10, col=28, is_positive=False)]
    ).mask
    assert mask[10, 8:20].all()
    assert not mask[10, 21:].any()


def test_on_an_even_slice_the_walk_is_even_too():
    """Between a row inside and the background around it the probability falls alike to both sides."""
    seeds = Seeds(
        inside=np.zeros((9, 13), bool), outside=np.zeros((9, 13), bool), frame=np.ones((9, 13), bool)
    )
    seeds.frame[1:-1, 1:-1] = False
    seeds.inside[4, 1:-1] = True
    found = RandomWalker()(np.full((9, 13, 3), 0.5, np.float32), seeds)
    np.testing.assert_allclose(found, found[::-1], atol=1e-5)
    np.testing.assert_allclose(found, found[:, ::-1], atol=1e-5)
    assert (np.diff(found[:5, 6]) > 0.2).all()


def test_grabcut_starts_from_disks_that_end_half_way_to_negative_clicks():
    exact = SeedConfig(radius=0, open_radius=0)
    clicks = [Click(row=10, col=10, is_positive=True)]
    start = start_region(seeds_of(clicks, (21, 31), config=exact), radius_px=5)
    assert start[10].nonzero()[0].tolist() == list(range(4, 17))  # 5 px around a disk of 1 px
    clicks.append(Click(row=10, col=16, is_positive=False))
    start = start_region(seeds_of(clicks, (21, 31), config=exact), radius_px=5)
    assert start[10].nonzero()[0].tolist() == list(range(4, 13))


def test_grabcut_does_not_depend_on_what_opencv_drew_before():
    """Its mixtures start from draws of OpenCV's generator, which draws alike afterwards, whatever it held."""
    target = ellipse()
    image = np.repeat(picture(target)[..., None], 3, axis=2)
    next_draws = []
    for seed in (1, 2):
        cv2.setRNGSeed(seed)
        GrabCut()(image, seeds_of([MIDDLE], target.shape, config=SeedConfig()))
        next_draws.append(cv2.randu(np.zeros(4, np.int32), 0, 1_000_000).ravel().tolist())
    assert next_draws[0] == next_draws[1]


def test_large_slices_are_solved_smaller_with_nearly_the_same_result():
    target = ellipse(shape=(60, 90), centre=(30, 45), radii=(15, 22))
    masks = []
    for most_px in (10_000, 1_500):
        predictor = SeededPredictor(RandomWalker(most_px=most_px))
        predictor.set_slice(picture(target))
        masks.append(predictor.predict([Click(row=30, col=45, is_positive=True)]).mask)
    assert iou(*masks) > 0.85


def test_edges_are_measured_by_their_mean():
    image = np.zeros((5, 8, 3), np.float32)
    image[:, 4:] = 1
    found = edges(image, smoothing_px=0.5)
    assert found.mean() == pytest.approx(1)
    assert (found[:, 3:5] > 2).all()
    assert found[:, [0, 7]] == pytest.approx(0, abs=1e-6)
    assert (edges(np.full((4, 5, 3), 0.3, np.float32), smoothing_px=1.0) < 1e-3).all()


def test_an_unknown_peer_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="geodesic, grabcut, random-walker"):
        PeerMethod(name="snakes")


@pytest.mark.parametrize(
    ("method", "values"),
    [
        (GrabCut, {"iterations": 0}),
        (GrabCut, {"start_radius": 0.0}),
        (GrabCut, {"smoothing": -1.0}),
        (GeodesicCut, {"flat_cost": 0.0}),
        (GeodesicCut, {"smoothing_px": 0.0}),
        (RandomWalker, {"beta": 0.0}),
        (RandomWalker, {"most_px": 0}),
    ],
)
def test_settings_out_of_range_are_refused(method, values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        method(**values)
