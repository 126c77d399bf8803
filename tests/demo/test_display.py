"""How slices are turned for a reader."""

from itertools import permutations, product

import numpy as np
import pytest

from isegformer.demo.display import display_turn, to_display
from isegformer.volume import Geometry


def _signed_permutations():
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        affine = np.zeros((4, 4))
        for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
            affine[world, axis] = sign * (axis + 1)  # spacing 1, 2, 3 mm
        affine[3, 3] = 1
        yield affine


EXPECTED = {0: ("S", "I", "A", "P"), 1: ("S", "I", "R", "L"), 2: ("A", "P", "R", "L")}
"""For sagittal, coronal and axial slices: the sides at top, bottom, left and right."""


@pytest.mark.parametrize("affine", list(_signed_permutations()))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_head_or_front_is_up_and_the_right_of_the_patient_left(affine, axis):
    geometry = Geometry((4, 5, 6), affine)
    turn = display_turn(geometry, axis)
    world = int(np.abs(affine[:3, axis]).argmax())
    assert turn.sides == EXPECTED[world]
    # A picture of the world coordinate of each pixel must fall from top to bottom as the sides say.
    positions = geometry.voxel_to_world(np.indices(geometry.shape).reshape(3, -1).T).reshape(
        *geometry.shape, 3
    )
    shown = to_display(np.take(positions, 0, axis=axis), turn)
    for step, (start, end) in (
        (shown[-1, 0] - shown[0, 0], turn.sides[:2]),
        (shown[0, -1] - shown[0, 0], turn.sides[2:]),
    ):
        moved = int(np.abs(step).argmax())
        towards = ("LR", "PA", "IS")[moved][int(step[moved] > 0)]
        assert towards == end
        assert start in ("LR", "PA", "IS")[moved]


def test_pixels_keep_their_shape():
    geometry = Geometry((4, 5, 6), np.diag([1.0, 2.0, 4.0, 1.0]))
    assert display_turn(geometry, 2).pixel_aspect == 2.0  # j is up, 2 mm; i is across, 1 mm
    assert display_turn(geometry, 0).pixel_aspect == 2.0  # k is up, 4 mm; j is across, 2 mm
    assert display_turn(geometry, 1).pixel_aspect == 4.0


def test_an_axial_slice_is_turned_by_hand():
    turn = display_turn(Geometry((2, 3, 1), np.eye(4)), 2)
    by_row_and_col = np.array([[11, 12, 13], [21, 22, 23]])  # i grows to the right, j to the front
    assert to_display(by_row_and_col, turn).tolist() == [[23, 13], [22, 12], [21, 11]]
