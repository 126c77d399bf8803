"""The T1 brain template and tissue maps that nilearn carries; nothing is downloaded.

Source: ICBM 2009a Nonlinear Symmetric, 1 mm (Fonov et al. 2009, 2011), brain extracted; nilearn resamples it.
"""

from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage

from isegformer.demo.scene import Scene
from isegformer.types import AnyArray, Mask
from isegformer.volume import Geometry, Volume

RESOLUTION_MM = 2
"""Two millimetres: an eighth of the voxels, so that the demo takes a minute or two on two cores."""

AXIAL = 2
"""Slices across k run from the feet to the head in the template."""


def brain_volume() -> Volume:
    """Return the template alone."""
    from nilearn import datasets  # noqa: PLC0415  an extra; whoever calls this checks that it is there

    intensities, affine = _array_and_affine(datasets.load_mni152_template, resolution=RESOLUTION_MM)
    return Volume(intensities, Geometry(intensities.shape, affine))


def brain_scene() -> Scene:
    """Return the template, with the brain as the goal: where the tissue maps say grey or white matter.

    Its outline is the cortex outside and the ventricles inside; the fluid between them is left out.
    """
    from nilearn import datasets  # noqa: PLC0415  an extra; the command line checks that it is there

    load = partial(_array_and_affine, resolution=RESOLUTION_MM)
    grey_matter, _ = load(datasets.load_mni152_gm_template)
    white_matter, _ = load(datasets.load_mni152_wm_template)
    goal = largest_component(grey_matter + white_matter > 0.5)
    return Scene(name="brain", volume=brain_volume(), goal=goal, axis=AXIAL)


def largest_component(mask: Mask) -> Mask:
    """Return the largest part of a mask whose voxels touch each other by their faces; (I, J, K)."""
    parts, n_parts = ndimage.label(mask)
    if n_parts < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def _array_and_affine(loader: Any, *, resolution: int) -> tuple[AnyArray, AnyArray]:
    image = loader(resolution=resolution)
    return np.asarray(image.dataobj, dtype=np.float32), np.asarray(image.affine)
