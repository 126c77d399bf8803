"""Surfaces as files: binary STL and PLY.

Vertices are written in LPS+ mm, which ITK, 3D Slicer and most viewers of medical meshes expect, and the file
says so in its header ("SPACE=LPS", the form that 3D Slicer reads).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import trimesh

from isegformer.atomic import replace_atomically
from isegformer.errors import VolumeWriteError, WriteError
from isegformer.exports.surface import Surface
from isegformer.types import PathLike

_STL_HEADER_BYTES = 80
_SPACE = b"SPACE=LPS"


def write_surface(surface: Surface, path: PathLike) -> None:
    """Write a surface as .stl or .ply; a file that stood at `path` is replaced as a whole or not at all.

    Raises
    ------
    VolumeWriteError : an unknown suffix, or a failed write
    """
    encode = _ENCODERS.get(Path(path).suffix.lower())
    if encode is None:
        raise VolumeWriteError(
            f"cannot write a surface as {Path(path).name!r}, expected a name that ends in "
            f"{' or '.join(_ENCODERS)}"
        )
    lps_mm = surface.vertices_mm * (-1.0, -1.0, 1.0)
    # Two mirrored axes are a rotation, so the triangles keep their outside.
    data = encode(trimesh.Trimesh(lps_mm.astype(np.float32), surface.faces, process=False))
    try:
        with replace_atomically(path) as temporary:
            temporary.write_bytes(data)
    except WriteError as error:
        raise VolumeWriteError(str(error)) from error


def _stl(mesh: trimesh.Trimesh) -> bytes:
    data: bytes = trimesh.exchange.stl.export_stl(mesh)
    return _SPACE.ljust(_STL_HEADER_BYTES, b" ") + data[_STL_HEADER_BYTES:]


def _ply(mesh: trimesh.Trimesh) -> bytes:
    data: bytes = trimesh.exchange.ply.export_ply(mesh, include_attributes=False)
    first, second, rest = data.split(b"\n", 2)
    return b"\n".join((first, second, b"comment " + _SPACE, rest))


_ENCODERS: Mapping[str, Callable[[trimesh.Trimesh], bytes]] = {".stl": _stl, ".ply": _ply}
