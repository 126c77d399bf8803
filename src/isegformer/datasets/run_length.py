"""Run-length codes of masks as COCO stores them.

A mask (H, W) is read column by column; the counts are the lengths of its runs, the first one of background.
As text, each count from the fourth on is the difference to the one two before it, and a number is written in
groups of 5 bits, the lowest first, as characters from "0" on; 32 marks that more follow, and the highest bit
of the last group is the sign.

Source: COCO API, common/maskApi.h and maskApi.c (rleEncode, rleToString).
"""

import itertools
from collections.abc import Sequence

import numpy as np

from isegformer.errors import UnreadableCaseError
from isegformer.types import AnyArray, Mask

_FIRST_CHARACTER = ord("0")
_MORE, _SIGN, _BITS = 0x20, 0x10, 5
_MOST_GROUPS = 7
"""Groups of a number; 35 bits hold every count of an image that is read."""


def mask_from_counts(counts: Sequence[int] | AnyArray, shape: tuple[int, int]) -> Mask:
    """Return the mask (H, W) of run lengths.

    Raises
    ------
    UnreadableCaseError : the runs are not as many pixels as `shape`

    Examples
    --------
    >>> mask_from_counts([1, 2, 3], (3, 2)).astype(int).tolist()
    [[0, 0], [1, 0], [1, 0]]
    """
    lengths = np.asarray(counts)
    rows, cols = shape
    is_counts = lengths.ndim == 1 and lengths.dtype.kind in "iu" and bool((lengths >= 0).all())
    # A sum of unlimited size would be cut to 64 bits; runs longer than the image are refused before.
    if not is_counts or (lengths > rows * cols).any() or int(lengths.sum()) != rows * cols:
        raise UnreadableCaseError(f"run lengths do not fill the image of {rows} x {cols} pixels")
    is_object = np.arange(len(lengths)) % 2 == 1
    return np.repeat(is_object, lengths).reshape(cols, rows).T


def counts_from_text(text: str) -> list[int]:
    """Return the run lengths that are written as text.

    Raises
    ------
    UnreadableCaseError : a character that does not occur in such texts, or the text ends within a number
    """
    counts: list[int] = []
    groups: list[int] = []
    for character in text:
        group = ord(character) - _FIRST_CHARACTER
        if not 0 <= group < 2 * _MORE or len(groups) == _MOST_GROUPS:
            raise UnreadableCaseError(
                f"run lengths hold {character!r} in {text[:40]!r}, expected COCO's text"
            )
        groups.append(group)
        if not group & _MORE:
            value = _signed(groups)
            counts.append(value + counts[-2] if len(counts) > 2 else value)
            groups = []
    if groups:
        raise UnreadableCaseError(f"run lengths end within a number: {text[-40:]!r}")
    return counts


def _signed(groups: Sequence[int]) -> int:
    """Return the number of groups of 5 bits, the lowest first."""
    value = sum(
        (group & (_MORE - 1)) << shift
        for group, shift in zip(groups, itertools.count(0, _BITS), strict=False)
    )
    return value - (1 << _BITS * len(groups)) if groups[-1] & _SIGN else value
