"""Interactive 3-D medical image segmentation: clicks on a few slices, propagated to the volume."""

__version__ = "0.1.0"
