"""Geometry: where the voxels of a grid lie in the patient.

World coordinates are RAS+ millimetres (x to the patient's right, y to the front, z to the head). A whole
voxel index is the centre of its voxel, so the grid covers -0.5 to n - 0.5 along an axis of n voxels.
"""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isegformer.errors import GeometryError
from isegformer.types import AnyArray

_SMALLEST_SINE = 1e-6
"""Axes closer to one plane than this (as volume of the unit axes) cannot be told apart in 32-bit files."""


@dataclass(frozen=True, kw_only=True)
class NiftiSpace:
    """The fields with which a NIfTI header places its grid, kept as they were read.

    A header states the grid up to three times (sform, qform, pixdim) and programs differ in the one they
    believe; a mask that repeats all fields lies on its volume in every program.
    Source: nifti1.h, "3D image (volume) orientation and location in space".
    """

    sform_code: int
    qform_code: int
    srow: tuple[tuple[float, ...], ...]
    """(3, 4), in header units."""
    quatern: tuple[float, float, float]
    qoffset: tuple[float, float, float]
    pixdim: tuple[float, float, float, float]
    """qfac, then the spacing in header units."""
    space_unit: int
    """0 unknown, 1 metre, 2 millimetre, 3 micrometre."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The grid of a volume: its shape and the affine from voxel index to world.

    Parameters
    ----------
    shape : voxels along i, j, k, each at least 1
    affine : (4, 4), maps (i, j, k, 1) to RAS+ mm; any nested sequence, stored as a read-only float64 array
    nifti_space : what a NIfTI header said, if the grid came from one; takes no part in comparisons

    Raises
    ------
    GeometryError : a shape below 1, or an affine that is not finite, not affine or not invertible

    Examples
    --------
    >>> Geometry((4, 5, 6), np.diag([1, 2, 3, 1])).spacing_mm
    (1.0, 2.0, 3.0)
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    nifti_space: NiftiSpace | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked_shape(self.shape))
        object.__setattr__(self, "affine", _checked_affine(self.affine))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Geometry):
            return NotImplemented
        return self.shape == other.shape and bool(np.array_equal(self.affine, other.affine))

    def __hash__(self) -> int:
        return hash((self.shape, self.affine.tobytes()))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxel centres along i, j, k."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres, also where the axes are not at right angles."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000

    @property
    def origin_mm(self) -> tuple[float, float, float]:
        """World position in mm (RAS+) of the centre of voxel (0, 0, 0)."""
        x, y, z = self.affine[:3, 3]
        return float(x), float(y), float(z)

    @property
    def direction(self) -> NDArray[np.float64]:
        """(3, 3): column a is the unit vector in RAS+ along which index a grows."""
        return np.asarray(self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0))

    def voxel_to_world(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map voxel positions (N, 3) to RAS+ mm (N, 3); fractions lie between voxel centres."""
        points_vox = _checked_points(points)
        return np.asarray(points_vox @ self.affine[:3, :3].T + self.affine[:3, 3])

    def world_to_voxel(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map RAS+ mm (N, 3) to voxel positions (N, 3); round to get the nearest voxel."""
        offset_mm = _checked_points(points) - self.affine[:3, 3]
        return np.asarray(np.linalg.solve(self.affine[:3, :3], offset_mm.T).T)

    def is_close(self, other: "Geometry", tolerance: float = 1e-3) -> bool:
        """Whether the shapes are equal and voxel centres of equal index lie within `tolerance` mm."""
        if self.shape != other.shape:
            return False
        corners = list(
            product(*((0, length - 1) for length in self.shape))
        )  # the difference is affine: largest here
        distance_mm = np.linalg.norm(self.voxel_to_world(corners) - other.voxel_to_world(corners), axis=1)
        return bool(distance_mm.max() <= tolerance)


def check_shape_fits(array: AnyArray, geometry: Geometry) -> None:
    """Raise GeometryError unless the first three axes of `array` are the grid's."""
    if array.shape[:3] != geometry.shape:
        raise GeometryError(f"array has shape {array.shape}, expected the grid's {geometry.shape}")


def _checked_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return `shape` as three Python ints."""
    lengths = tuple(int(length) for length in shape)
    if len(lengths) != 3 or min(lengths) < 1:
        raise GeometryError(f"shape is {tuple(shape)}, expected three lengths of at least 1 voxel")
    return lengths[0], lengths[1], lengths[2]


def _checked_affine(affine: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only float64 copy of an affine that can be inverted."""
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise GeometryError(f"affine is {matrix.tolist()}, expected 4 x 4 finite numbers")
    if not np.array_equal(matrix[3], (0, 0, 0, 1)):
        raise GeometryError(f"last row of the affine is {matrix[3].tolist()}, expected [0, 0, 0, 1]")
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() <= 0 or abs(np.linalg.det(matrix[:3, :3] / lengths)) < _SMALLEST_SINE:
        raise GeometryError(f"affine {matrix.tolist()} is singular, expected three independent axes")
    matrix.flags.writeable = False
    return matrix


def _checked_points(points: ArrayLike) -> NDArray[np.float64]:
    """Return points as float64 (N, 3)."""
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3:
        raise GeometryError(f"points have shape {array.shape}, expected (N, 3)")
    return array
