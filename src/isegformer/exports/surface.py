"""Surfaces: the boundary of an object as triangles in patient space."""

# mypy: allow-untyped-calls
# scikit-image and parts of trimesh have no annotations.

from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from isegformer.errors import GeometryError
from isegformer.types import Mask
from isegformer.volume import Geometry
from isegformer.volume.geometry import check_shape_fits

SMOOTHING_ROUNDS = 20
"""Even, so that each shrinking round is followed by a growing one and the volume stays."""
SHRINK, GROW = 0.5, 0.53
"""Taubin's factors, as trimesh has them by default for `lamb` and `nu`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A closed triangle mesh."""

    vertices_mm: NDArray[np.float64]
    """(N, 3), RAS+."""
    faces: NDArray[np.int64]
    """(M, 3) vertex numbers, counter-clockwise seen from outside."""

    @property
    def area_mm2(self) -> float:
        """Sum of the areas of all triangles."""
        return float(self._mesh().area)

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume."""
        return float(self._mesh().volume)

    def _mesh(self) -> trimesh.Trimesh:
        return trimesh.Trimesh(self.vertices_mm, self.faces, process=False)


def surface_of(mask: Mask, geometry: Geometry) -> Surface:
    """Return the smoothed boundary of an object.

    Marching cubes between the voxel centres (Lewiner et al. 2003), then the smoothing of Taubin (1995), which
    takes the stairs away and keeps the volume.

    Parameters
    ----------
    mask : bool (I, J, K); where it reaches the end of the grid, the surface is closed there
    geometry : the grid

    Raises
    ------
    GeometryError : the mask is empty, or has another shape than the grid
    """
    check_shape_fits(mask, geometry)
    if not mask.any():
        raise GeometryError("the object has no voxel, expected at least one to make a surface of")
    start, block = _cropped(mask)
    vertices, faces, _, _ = marching_cubes(np.pad(block, 1).astype(np.float32), 0.5)
    mesh = trimesh.Trimesh(geometry.voxel_to_world(vertices - 1 + start), faces, process=False)
    if mesh.volume < 0:  # a grid that is mirrored, or not, against the world turns the triangles round
        mesh.invert()
    smoothed = trimesh.smoothing.filter_taubin(mesh, lamb=SHRINK, nu=GROW, iterations=SMOOTHING_ROUNDS)
    return Surface(
        vertices_mm=np.asarray(smoothed.vertices, np.float64), faces=np.asarray(smoothed.faces, np.int64)
    )


def _cropped(mask: Mask) -> tuple[NDArray[np.int64], Mask]:
    """Return the first corner of the box around an object, and the mask in it."""
    inside = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    box = tuple(slice(int(found[0]), int(found[-1]) + 1) for found in inside)
    return np.array([part.start for part in box]), mask[box]
