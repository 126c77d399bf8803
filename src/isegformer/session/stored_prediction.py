"""A prediction in the form in which the journal keeps it, which is also the form that networks get back.

The probability is rounded to 16 bits once, when the prediction is made. The next click hands the network that
rounded value, whether it comes from this run, from a reopened folder or from a replay; so all three agree bit
by bit.
"""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from isegformer.errors import JournalError, SessionError
from isegformer.session.packed_array import ZLIB_LEVEL
from isegformer.session.protocols import SlicePrediction
from isegformer.slicing import Roi
from isegformer.types import FloatArray, Mask

_HEAD = struct.Struct("<2I?4i")
"""Height, width, whether there is a region, and its row start, row stop, column start, column stop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredPrediction:
    """A prediction whose probability holds 16-bit values only."""

    probability: FloatArray
    mask: Mask
    roi: Roi | None


def round_prediction(prediction: SlicePrediction, *, shape: tuple[int, int]) -> StoredPrediction:
    """Return `prediction` as the journal will give it back; SessionError if it is not of `shape`."""
    probability, mask = np.asarray(prediction.probability), np.asarray(prediction.mask)
    if probability.shape != shape or mask.shape != shape or mask.dtype != bool:
        raise SessionError(
            f"the segmenter gave a probability of shape {probability.shape} and a {mask.dtype} mask of "
            f"shape {mask.shape}, expected both of shape {shape}, the mask bool"
        )
    rounded = probability.astype(np.float16).astype(np.float32)
    return StoredPrediction(probability=rounded, mask=mask.copy(), roi=prediction.roi)


def prediction_from_mask(mask: Mask) -> StoredPrediction:
    """Return the prediction that stands for a mask (H, W) no network made: certain everywhere."""
    return StoredPrediction(probability=mask.astype(np.float32), mask=mask.copy(), roi=None)


def prediction_to_bytes(prediction: StoredPrediction) -> bytes:
    """Return the prediction as bytes; the inverse of `prediction_from_bytes`."""
    roi = prediction.roi
    bounds = (roi.row_start, roi.row_stop, roi.col_start, roi.col_stop) if roi is not None else (0, 0, 0, 0)
    head = _HEAD.pack(*prediction.mask.shape, roi is not None, *bounds)
    body = np.packbits(prediction.mask).tobytes() + prediction.probability.astype("<f2").tobytes()
    return head + zlib.compress(body, ZLIB_LEVEL)


def prediction_from_bytes(data: bytes) -> StoredPrediction:
    """Return the prediction that `prediction_to_bytes` wrote; JournalError if the bytes are not one."""
    try:
        height, width, has_roi, row_start, row_stop, col_start, col_stop = _HEAD.unpack_from(data)
        body = zlib.decompress(data[_HEAD.size :])
        count = height * width
        bits = np.frombuffer(body, np.uint8, (count + 7) // 8)
        probability = np.frombuffer(body, "<f2", count, offset=bits.size).astype(np.float32)
    except (struct.error, zlib.error, ValueError) as error:
        raise JournalError(f"a stored prediction cannot be read: {error}") from error
    return StoredPrediction(
        probability=probability.reshape(height, width),
        mask=np.unpackbits(bits, count=count).astype(bool).reshape(height, width),
        roi=Roi(row_start, row_stop, col_start, col_stop) if has_roi else None,
    )
