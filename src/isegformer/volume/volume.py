"""Volume: voxels and the grid on which they lie."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isegformer.errors import GeometryError
from isegformer.types import AnyArray
from isegformer.volume.geometry import Geometry, check_shape_fits


@dataclass(frozen=True, eq=False)
class Volume:
    """An image volume; 2-D images are volumes of one slice.

    Parameters
    ----------
    voxels : (I, J, K) of any integer or float type, or (I, J, K, 3) uint8 for RGB; kept as a read-only view
    geometry : the grid, of shape (I, J, K)

    Raises
    ------
    GeometryError : the voxels have another shape than the grid, or a type that is not numeric
    """

    voxels: AnyArray
    geometry: Geometry

    def __post_init__(self) -> None:
        voxels = np.asarray(self.voxels).view()
        check_shape_fits(voxels, self.geometry)
        is_rgb = voxels.ndim == 4 and voxels.shape[3] == 3 and voxels.dtype == np.uint8
        if not (is_rgb or (voxels.ndim == 3 and voxels.dtype.kind in "iuf")):
            raise GeometryError(
                f"voxels are {voxels.dtype} of shape {voxels.shape}, expected numbers of shape (I, J, K) "
                "or uint8 of shape (I, J, K, 3)"
            )
        voxels.flags.writeable = False
        object.__setattr__(self, "voxels", voxels)

    @property
    def is_rgb(self) -> bool:
        """Whether each voxel holds three colours instead of one intensity."""
        return bool(self.voxels.ndim == 4)

    @cached_property
    def sha256(self) -> str:
        """Hash of voxel values, type, shape and affine; file format and memory order do not matter."""
        digest = hashlib.sha256()
        kind = self.voxels.dtype.newbyteorder("<")
        digest.update(f"{kind.str} {self.voxels.shape}".encode())
        digest.update(np.ascontiguousarray(self.geometry.affine, dtype="<f8").tobytes())
        for k in range(
            self.voxels.shape[2]
        ):  # one slice at a time: a copy of the volume would double the memory
            digest.update(np.ascontiguousarray(self.voxels[:, :, k], dtype=kind).tobytes())
        return digest.hexdigest()
