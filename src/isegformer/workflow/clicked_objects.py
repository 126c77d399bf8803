"""What a person clicked in a volume, object by object."""

from dataclasses import dataclass

Voxel = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class VoxelClick:
    """One click in a volume, at the centre of a voxel (i, j, k)."""

    voxel: Voxel
    is_positive: bool
    """True: this voxel belongs to the object; False: it does not."""


@dataclass(frozen=True, kw_only=True)
class ClickedObject:
    """One object and the clicks on it, in the order in which they were made."""

    name: str
    label: int
    """Its value in the mask, 1 to 65535."""
    clicks: tuple[VoxelClick, ...]
