"""From clicks to a label map in one go, through a session that leaves nothing behind."""

from isegformer.workflow.clicked_objects import ClickedObject, Voxel, VoxelClick
from isegformer.workflow.segmenting import (
    SliceClicks,
    apply_clicks,
    apply_propagation,
    slice_clicks,
    slices_of_objects,
    temporary_session,
)

__all__ = [
    "ClickedObject",
    "SliceClicks",
    "Voxel",
    "VoxelClick",
    "apply_clicks",
    "apply_propagation",
    "slice_clicks",
    "slices_of_objects",
    "temporary_session",
]
