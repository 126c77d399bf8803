"""Run-length codes against values of COCO's own encoder, and round trips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isegformer.datasets.run_length import counts_from_text, mask_from_counts
from isegformer.errors import UnreadableCaseError


def counts_of(mask):
    """Return the run lengths of a mask, column by column, the first one of background."""
    counts, current = [0], False
    for pixel in mask.T.ravel():
        if pixel != current:
            counts.append(0)
            current = pixel
        counts[-1] += 1
    return counts


def text_of(counts):
    """Write run lengths as COCO's rleToString does."""
    text = ""
    for place, count in enumerate(counts):
        value = count - counts[place - 2] if place > 2 else count
        while True:
            group, value = value & 0x1F, value >> 5
            is_last = value == (-1 if group & 0x10 else 0)
            text += chr(48 + group + (0 if is_last else 0x20))
            if is_last:
                break
    return text


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("061", [0, 6, 1]),
        ("061K", [0, 6, 1, 1]),
        ("061M", [0, 6, 1, 3]),
        ("0610", [0, 6, 1, 6]),
        ("011101010", [0, 1, 1, 2, 1, 3, 1, 4, 1]),
        ("0PP1", [0, 1024]),
        ("", []),
    ],
)
def test_texts_hold_differences_in_groups_of_five_bits(text, counts):
    assert counts_from_text(text) == counts


def test_masks_are_filled_column_by_column():
    mask = mask_from_counts([3, 2, 1], (2, 3))
    assert mask.astype(int).tolist() == [[0, 0, 1], [0, 1, 0]]


@given(arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 60))))
def test_every_mask_comes_back(mask):
    counts = counts_of(mask)
    assert (mask_from_counts(counts, mask.shape) == mask).all()
    assert counts_from_text(text_of(counts)) == counts


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        counts = counts_from_text(text)
    except UnreadableCaseError:
        return
    assert all(isinstance(count, int) for count in counts)


@pytest.mark.parametrize("text", ["P", "0P", "~", "0 1", "é", "PPPPPPPPPPPP0"])
def test_texts_that_are_none_are_refused(text):
    with pytest.raises(UnreadableCaseError):
        counts_from_text(text)


@pytest.mark.parametrize(
    "counts", [[], [5], [7], [-1, 7], [2**62, 2**62, 2**62, 2**62 + 6], [[6]], [3.0, 3.0], ["6"]]
)
def test_runs_that_do_not_fill_the_image_are_refused(counts):
    with pytest.raises(UnreadableCaseError, match="do not fill the image of 2 x 3 pixels"):
        mask_from_counts(counts, (2, 3))


def test_a_mask_may_start_with_the_object():
    assert mask_from_counts(np.array([0, 6]), (2, 3)).all()
