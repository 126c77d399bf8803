"""What counts as an object on a slice: a label, a superpixel, or a region of alike superpixels.

Superpixels and regions need no labels; a network that learns to segment them from clicks has learned to
follow edges and clicks before it sees the first label (iSegFormer 2022, section 4.3, "OAI w/o GT").
"""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import cv2
import numpy as np
from scipy import ndimage
from scipy.cluster.hierarchy import fcluster, linkage
from skimage.segmentation import slic

from isegformer.types import AnyArray, FloatArray, Labels

ObjectKind: TypeAlias = Literal["labels", "superpixels", "regions"]

SUPERPIXELS = 50
"""Superpixels of a slice, about (published code of iSegFormer)."""
COMPACTNESS = 10.0
"""Compactness of superpixels (published code of iSegFormer)."""
FINE_SUPERPIXELS = 150
"""Superpixels that regions are put together from."""
FEWEST_REGIONS, MOST_REGIONS = 4, 40
LONGEST_SIDE_PX = 256
"""Slices are shrunk to this before they are cut into superpixels; more detail only costs time."""


def superpixel_labels(
    image: FloatArray, *, count: int = SUPERPIXELS, compactness: float = COMPACTNESS
) -> Labels:
    """Return superpixels of an image, numbered from 1, (H, W).

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]
    count : how many, about
    compactness : weight of distance in space against distance in colour, which runs from 0 to 100 (CIELAB)

    Source: Achanta et al. 2012 (SLIC), as implemented by scikit-image.
    """
    # Grey becomes colour so that SLIC, which measures in CIELAB, weighs both alike against distance.
    colours = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    labels = slic(
        colours, n_segments=count, compactness=compactness, max_num_iter=5, channel_axis=-1, start_label=1
    )
    return np.asarray(labels, dtype=np.uint16)


def region_labels(image: FloatArray, *, count: int, position_weight: float) -> Labels:
    """Return connected regions of alike superpixels, numbered from 1, (H, W).

    Superpixels are joined bottom-up by Ward's criterion on mean intensity and position; cutting that tree at
    different heights gives a hierarchy from parts to whole structures.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]
    count : groups of superpixels; a group whose superpixels do not touch is several regions
    position_weight : weight of position, in units of the longer side, against intensity
    """
    fine = superpixel_labels(image, count=FINE_SUPERPIXELS)
    numbers = np.arange(1, int(fine.max()) + 1)
    if len(numbers) <= count:
        return fine
    channels = image[..., None] if image.ndim == 2 else image
    means = np.stack(
        [ndimage.mean(channel, fine, numbers) for channel in np.moveaxis(channels, -1, 0)], axis=1
    )
    centres = np.array(ndimage.center_of_mass(np.ones_like(fine), fine, numbers)) / max(fine.shape)
    groups = fcluster(
        linkage(np.hstack([means, position_weight * centres]), method="ward"), count, criterion="maxclust"
    )
    grouped = np.concatenate([[0], groups])[fine]
    return _connected(grouped)


def _connected(labels: AnyArray) -> Labels:
    """Number the connected parts of every label anew, from 1."""
    numbered = np.zeros(labels.shape, np.uint16)
    first = 0
    for value in np.unique(labels):
        count, parts = cv2.connectedComponents((labels == value).astype(np.uint8), connectivity=4)
        numbered[parts > 0] = first + parts[parts > 0]
        first += count - 1
    return numbered


def _superpixels_of_slice(image: FloatArray, labels: Labels, rng: np.random.Generator) -> Labels:
    """Return superpixels of an image; the labels do not matter."""
    count = int(rng.integers(SUPERPIXELS // 2, 2 * SUPERPIXELS))
    return _at_working_size(image, labels.shape, lambda small: superpixel_labels(small, count=count))


def _regions_of_slice(image: FloatArray, labels: Labels, rng: np.random.Generator) -> Labels:
    """Return regions of an image; the labels do not matter."""
    count = int(np.exp(rng.uniform(np.log(FEWEST_REGIONS), np.log(MOST_REGIONS))))
    weight = float(rng.uniform(0.0, 1.0))
    return _at_working_size(
        image, labels.shape, lambda small: region_labels(small, count=count, position_weight=weight)
    )


def _labels_of_slice(image: FloatArray, labels: Labels, rng: np.random.Generator) -> Labels:
    """Return the labels as they are."""
    del image, rng
    return labels


def _at_working_size(
    image: FloatArray, shape: tuple[int, ...], segment: Callable[[FloatArray], Labels]
) -> Labels:
    """Segment a shrunk copy of an image and return its labels in the size `shape`."""
    shrink = min(1.0, LONGEST_SIDE_PX / max(shape))
    if shrink == 1:
        return segment(image)
    small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(segment(np.asarray(small, np.float32)), shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(labels, dtype=np.uint16)


ObjectFinder: TypeAlias = Callable[[FloatArray, Labels, np.random.Generator], Labels]

OBJECT_FINDERS: Mapping[ObjectKind, ObjectFinder] = {
    "labels": _labels_of_slice,
    "superpixels": _superpixels_of_slice,
    "regions": _regions_of_slice,
}
"""Ways to find the objects of a slice by their names in a recipe: (image, labels, rng) -> labels."""
