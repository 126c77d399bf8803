"""What may be set as a slice: grey or RGB, in [0, 1]."""

import numpy as np

from isegformer.errors import ConfigError, ShapeMismatchError
from isegformer.types import FloatArray


def colours_of(image: FloatArray) -> FloatArray:
    """Return a slice as RGB, (H, W, 3); a grey slice is copied to three channels.

    Parameters
    ----------
    image : (H, W) grey or (H, W, 3) RGB, in [0, 1]; values that are not finite count as 0

    Raises
    ------
    ShapeMismatchError : not an image of that form, or an empty one
    ConfigError : values outside [0, 1]
    """
    is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if not is_image or 0 in image.shape:
        raise ShapeMismatchError(f"slice has shape {image.shape}, expected (H, W) or (H, W, 3), not empty")
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if values.min() < 0 or values.max() > 1:
        raise ConfigError(
            f"slice has values from {values.min():g} to {values.max():g}, expected [0, 1]; "
            "apply a window first"
        )
    return np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values
