"""Planes, ROIs and padding: where is this pixel?"""

from isegformer.slicing.padding import Padding, pad, padding_to_multiple, unpad_view
from isegformer.slicing.plane import (
    IN_PLANE_AXES,
    PixelPosition,
    Plane,
    check_axis,
    pixel_to_voxel,
    slice_shape,
    slice_view,
    voxel_to_pixel,
)
from isegformer.slicing.roi import Roi, bounding_roi, crop_view, roi_iou

__all__ = [
    "IN_PLANE_AXES",
    "Padding",
    "PixelPosition",
    "Plane",
    "Roi",
    "bounding_roi",
    "check_axis",
    "crop_view",
    "pad",
    "padding_to_multiple",
    "pixel_to_voxel",
    "roi_iou",
    "slice_shape",
    "slice_view",
    "unpad_view",
    "voxel_to_pixel",
]
