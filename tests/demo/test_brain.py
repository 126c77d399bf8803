"""The brain template and its goal."""

import numpy as np
import pytest

from isegformer.demo.brain import brain_scene, largest_component
from isegformer.volume import axis_codes

pytest.importorskip("nilearn", reason="needs the extra `demo`")


@pytest.fixture(scope="module")
def scene():
    return brain_scene()


def test_the_template_lies_upright_in_2_mm_voxels(scene):
    assert scene.volume.geometry.spacing_mm == (2.0, 2.0, 2.0)
    assert axis_codes(scene.volume.geometry.affine) == ("R", "A", "S")
    assert scene.volume.voxels.dtype == np.float32


def test_the_goal_has_the_size_of_a_brain_and_leaves_the_ventricles_out(scene):
    litres = np.count_nonzero(scene.goal) * 8e-6
    assert 1.2 < litres < 1.9
    ventricle, thalamus = (
        scene.volume.geometry.world_to_voxel([(6, 10, 12), (10, -20, 6)]).round().astype(int)
    )
    assert not scene.goal[tuple(ventricle)]
    assert scene.goal[tuple(thalamus)]


def test_the_largest_part_of_a_mask_is_kept():
    mask = np.zeros((5, 6, 7), bool)
    mask[0, 0, 0] = mask[2:4, 2:5, 3] = True
    assert np.argwhere(largest_component(mask)).tolist() == [[i, j, 3] for i in (2, 3) for j in (2, 3, 4)]
    assert largest_component(np.zeros((2, 3, 4), bool)).sum() == 0
