import numpy as np
import pytest

from isegformer.training.synthesis import SynthesisConfig, synthesise

PLAIN = SynthesisConfig(clusters=(1, 1), texture=0.0, blur_px=0.0, bias=0.0, noise=0.0)
"""Every structure in exactly one intensity."""


@pytest.fixture
def labels():
    labels = np.zeros((30, 44), np.uint16)
    labels[4:20, 5:18], labels[10:28, 25:40] = 3, 9
    return labels


def test_without_disturbances_every_label_has_one_intensity_of_its_own(labels):
    made = synthesise(np.zeros((30, 44), np.float32), labels, rng=np.random.default_rng(0), config=PLAIN)
    values = [np.unique(made[labels == value]) for value in (0, 3, 9)]
    assert [len(found) for found in values] == [1, 1, 1]
    assert len({float(found[0]) for found in values}) == 3


def test_intensities_differ_from_image_to_image_and_follow_the_seed(labels):
    image = np.zeros((30, 44), np.float32)
    made = [synthesise(image, labels, rng=np.random.default_rng(seed)) for seed in (0, 1, 0)]
    assert (made[0] == made[2]).all()
    assert not np.allclose(made[0], made[1], atol=0.05)


def test_objects_are_brighter_than_their_surroundings_about_as_often_as_darker(labels):
    image = np.zeros((30, 44), np.float32)
    brighter = 0
    for seed in range(200):
        made = synthesise(image, labels, rng=np.random.default_rng(seed), config=PLAIN)
        brighter += made[labels == 3].mean() > made[labels == 0].mean()
    assert 75 < brighter < 125


def test_background_shows_the_structures_of_the_real_image(labels):
    real = np.zeros((30, 44), np.float32)
    real[:, 41:] = 1.0
    config = SynthesisConfig(
        clusters=(2, 2), cluster_smoothing_px=0.0, texture=0.0, blur_px=0.0, bias=0.0, noise=0.0
    )
    differing = 0
    for seed in range(30):
        made = synthesise(real, labels, rng=np.random.default_rng(seed), config=config)
        assert len(np.unique(made[:, 41:])) == 1
        differing += abs(float(made[0, 43] - made[0, 0])) > 0.02
    assert differing > 5


def test_the_result_is_grey_and_within_range_for_colour_images(labels):
    made = synthesise(
        np.random.default_rng(0).random((30, 44, 3), dtype=np.float32), labels, rng=np.random.default_rng(1)
    )
    assert made.shape == (30, 44)
    assert made.dtype == np.float32
    assert 0 <= made.min() < made.max() <= 1


def test_the_image_and_labels_are_not_changed(labels):
    image = np.random.default_rng(0).random((30, 44), dtype=np.float32)
    before = image.copy(), labels.copy()
    synthesise(image, labels, rng=np.random.default_rng(1))
    assert (image == before[0]).all()
    assert (labels == before[1]).all()
