import cv2
import numpy as np
import pytest

from isegformer.training.objects import OBJECT_FINDERS, region_labels, superpixel_labels


@pytest.fixture
def four_fields():
    """Return an image (40, 64) of four fields of one intensity each, and the fields as labels."""
    fields = np.zeros((40, 64), np.uint16)
    fields[:16, 30:], fields[16:, :30], fields[16:, 30:] = 1, 2, 3
    return np.array([0.1, 0.9, 0.6, 0.3], np.float32)[fields], fields


def connected_parts(mask):
    return cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[0] - 1


def test_superpixels_cover_the_image_and_do_not_cross_strong_edges(four_fields):
    image, fields = four_fields
    labels = superpixel_labels(image, count=30, compactness=1.0)
    assert labels.dtype == np.uint16
    assert labels.min() == 1
    assert 15 <= labels.max() <= 60
    for value in range(1, labels.max() + 1):
        assert len(np.unique(fields[labels == value])) == 1


def test_about_as_many_superpixels_as_asked_for():
    image = np.zeros((96, 80, 3), np.float32) + np.linspace(0, 1, 80, dtype=np.float32)[:, None]
    few, many = (int(superpixel_labels(image, count=count).max()) for count in (12, 60))
    assert 6 <= few <= 24
    assert 30 <= many <= 120


def test_grey_and_the_same_grey_in_colour_have_the_same_superpixels(four_fields):
    image, _ = four_fields
    assert (superpixel_labels(image) == superpixel_labels(np.repeat(image[..., None], 3, axis=2))).all()


def test_regions_join_superpixels_of_one_intensity(four_fields):
    image, fields = four_fields
    regions = region_labels(image, count=4, position_weight=0.0)
    assert sorted(np.unique(regions)) == [1, 2, 3, 4]
    for value in range(1, 5):
        inside = fields[regions == value]
        assert np.bincount(inside).max() / len(inside) > 0.95


def test_every_region_is_connected():
    image = np.zeros((48, 60), np.float32)
    image[5:15, 5:15] = image[30:40, 40:50] = 1.0
    regions = region_labels(image, count=2, position_weight=0.0)
    assert all(connected_parts(regions == value) == 1 for value in np.unique(regions))
    bright = {int(regions[10, 10]), int(regions[35, 45])}
    assert len(bright) == 2


def test_fewer_groups_make_larger_regions():
    rng = np.random.default_rng(1)
    image = cv2.GaussianBlur(rng.random((90, 70), dtype=np.float32), (0, 0), 6)
    image = (image - image.min()) / np.ptp(image)
    coarse, fine = (region_labels(image, count=count, position_weight=1.0).max() for count in (4, 40))
    assert coarse < fine


@pytest.mark.parametrize("kind", sorted(OBJECT_FINDERS))
def test_found_objects_have_the_size_of_the_slice_and_follow_the_seed(kind):
    image = np.random.default_rng(2).random((50, 300), dtype=np.float32)
    labels = np.zeros((50, 300), np.uint16)
    labels[10:20, 10:20] = 7
    first, again = (OBJECT_FINDERS[kind](image, labels, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == labels.shape
    assert first.dtype == np.uint16
    assert (first == again).all()
    assert (first == labels).all() == (kind == "labels")


def test_an_image_of_one_intensity_has_superpixels_but_no_structure():
    assert superpixel_labels(np.full((32, 40), 0.5, np.float32)).max() > 1
    assert region_labels(np.full((32, 40), 0.5, np.float32), count=3, position_weight=1.0).max() >= 1
