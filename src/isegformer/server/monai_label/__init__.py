"""MONAI Label's REST protocol, so that the plugins of 3D Slicer and OHIF use this server unchanged."""
