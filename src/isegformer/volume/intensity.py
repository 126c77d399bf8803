"""Intensity windows: from the scanner's numbers to [0, 1]."""

from dataclasses import dataclass

import numpy as np

from isegformer import scratch
from isegformer.errors import ConfigError
from isegformer.types import AnyArray, FloatArray
from isegformer.volume.volume import Volume

_EXACT_IN_FLOAT32 = (np.uint8, np.int8, np.uint16, np.int16, np.float16, np.float32)


@dataclass(frozen=True)
class Window:
    """The intensities that become 0 (`low`) and 1 (`high`), in the units of the volume.

    Raises
    ------
    ConfigError : a bound is not finite, or `low` exceeds `high`
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low <= self.high):
            raise ConfigError(
                f"window is {self.low} to {self.high}, expected finite numbers, the lower one first"
            )


def window_from_percentiles(voxels: AnyArray, low: float = 0.1, high: float = 99.9) -> Window:
    """Return the window between two percentiles of all finite voxels; Window(0, 0) if none is finite.

    Parameters
    ----------
    voxels : any shape, integer or float
    low, high : percent, 0 <= low <= high <= 100

    Raises
    ------
    ConfigError : percentiles out of order or out of range
    """
    if not 0 <= low <= high <= 100:
        raise ConfigError(f"percentiles are {low} and {high}, expected 0 <= low <= high <= 100")
    values = _finite_values(voxels)
    if values.size == 0:
        return Window(0.0, 0.0)
    first, last = np.percentile(values, (low, high), overwrite_input=True)
    return Window(float(first), float(last))


def _finite_values(voxels: AnyArray) -> AnyArray:
    """Return the finite voxels in one row, a copy; float64 where they are fractions.

    Interpolation between neighbours in float16 or float32 must not round.
    """
    is_fraction = voxels.dtype.kind == "f"
    values = scratch.zeros((voxels.size,), np.float64 if is_fraction else voxels.dtype)
    count = 0
    for slab in scratch.slabs(voxels):
        part = voxels[slab]
        found = part[np.isfinite(part)] if is_fraction else part.reshape(-1)
        values[count : count + found.size] = found
        count += found.size
    return values[:count]


def window_from_level(width: float, level: float) -> Window:
    """Return the window of `width` around `level`, as scanners and viewers state it.

    Raises
    ------
    ConfigError : the width is not above 0

    Source: DICOM PS3.3 C.11.2.1.3.2, LINEAR_EXACT.
    """
    if not width > 0:
        raise ConfigError(f"window width is {width}, expected above 0")
    return Window(level - width / 2, level + width / 2)


def default_window(volume: Volume) -> Window:
    """Return the window to show a volume with: percentiles 0.1 and 99.9, or all of 0 to 255 for RGB."""
    return Window(0.0, 255.0) if volume.is_rgb else window_from_percentiles(volume.voxels)


def apply_window(voxels: AnyArray, window: Window) -> FloatArray:
    """Map intensities to [0, 1] as (v - low) / (high - low), clipped.

    NaN becomes 0, infinities 0 and 1. Where `low` equals `high` (a constant volume) everything becomes 0.

    Parameters
    ----------
    voxels : any shape, integer or float; not changed

    Returns
    -------
    float32, the shape of `voxels`
    """
    if window.low == window.high:
        return np.zeros(voxels.shape, np.float32)
    dtype = np.dtype(np.float32 if voxels.dtype in _EXACT_IN_FLOAT32 else np.float64)
    with np.errstate(
        over="ignore", divide="ignore", invalid="ignore"
    ):  # infinity and NaN have defined results
        scaled: AnyArray = (voxels.astype(dtype) - window.low) / (window.high - window.low)  # keeps dtype
        clipped = np.nan_to_num(np.clip(scaled, 0, 1), nan=0.0)
    return np.asarray(clipped, dtype=np.float32)
