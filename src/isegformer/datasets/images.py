"""Images of a data folder: photographs, slices and label images as arrays.

Files are taken for hostile: the size in the header is checked before anything is decoded.
"""

from pathlib import Path

import cv2
import numpy as np

from isegformer.errors import UnreadableCaseError, VolumeReadError
from isegformer.types import AnyArray, FloatArray, Labels, Mask
from isegformer.volume import apply_window, window_from_percentiles
from isegformer.volume.io.image_stack import IMAGE_IO
from isegformer.volume.io.itk import size_of

IMAGE_SUFFIXES = tuple(IMAGE_IO)
"""Lower case, with the dot."""
MAX_PIXELS = 2**27
"""Largest image that is read (11 000 per side)."""


def read_image(path: Path) -> FloatArray:
    """Read an image as (H, W) or (H, W, 3) RGB in [0, 1]; 16-bit ones are scaled by their own range.

    Raises
    ------
    UnreadableCaseError : the file is missing, damaged, truncated or too large
    """
    pixels = read_pixels(path)
    if pixels.dtype == np.uint8:
        return np.float32(1 / 255) * pixels
    return apply_window(pixels, window_from_percentiles(pixels))


def read_label_image(path: Path) -> Labels:
    """Read an image whose pixels are labels, (H, W); errors as in `read_image`, and for colours."""
    pixels = read_pixels(path)
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16):
        raise UnreadableCaseError(
            f"{path} is {pixels.dtype} of shape {pixels.shape}, expected one label per pixel (8 or 16 bits)"
        )
    return pixels.astype(np.uint16)


def read_brightest(path: Path) -> AnyArray:
    """Read the largest of the colours of each pixel of an 8-bit image, (H, W); errors as in `read_image`."""
    pixels = read_pixels(path)
    return pixels if pixels.ndim == 2 else np.asarray(pixels.max(axis=2))


def read_foreground(path: Path) -> Mask:
    """Read an image as the pixels that are not black, (H, W); errors as in `read_image`."""
    return np.asarray(read_brightest(path) > 0)


def read_pixels(path: Path) -> AnyArray:
    """Read an image as it is stored, (H, W) or (H, W, 3) with colours as RGB; palettes become colours.

    Raises
    ------
    UnreadableCaseError : the file is missing, damaged, truncated or too large
    """
    _check_header(path)
    if path.suffix.lower() in (".jpg", ".jpeg") and b"\xff\xd9" not in path.read_bytes()[-4096:]:
        # OpenCV would fill what is missing with grey; some cameras append a few bytes to the end mark.
        raise UnreadableCaseError(f"{path} is truncated: it has no end mark")
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype.kind not in "uif":
        raise _damaged(path)
    return np.asarray(pixels if pixels.ndim == 2 else pixels[..., 2::-1])  # OpenCV: blue, green, red, alpha


def _check_header(path: Path) -> None:
    """Refuse what is not an image of a sensible size by its header."""
    image_io = IMAGE_IO.get(path.suffix.lower())
    if image_io is None or not path.is_file():
        raise UnreadableCaseError(f"{path} is not a file of a known kind: {', '.join(IMAGE_SUFFIXES)}")
    try:
        width, height = size_of(path, image_io=image_io)[:2]
    except VolumeReadError as error:
        raise _damaged(path) from error
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableCaseError(f"{path} claims {width} x {height} pixels, expected at most {MAX_PIXELS}")


def _damaged(path: Path) -> UnreadableCaseError:
    return UnreadableCaseError(
        f"{path} is not an image that can be read; repair it or take it out of the folder"
    )
