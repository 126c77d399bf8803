import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import GeometryError
from isegformer.volume import Geometry, axis_codes
from isegformer.volume.orientation import flip_lps_ras

finite = st.floats(-1000, 1000)
spacings = st.tuples(*[st.floats(0.05, 20)] * 3)


def _random_affine(seed: int, spacing_mm: tuple[float, ...], origin_mm: tuple[float, ...]) -> np.ndarray:
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = rotation * spacing_mm, origin_mm
    return affine


@given(seed=st.integers(0, 10**6), spacing_mm=spacings, origin_mm=st.tuples(finite, finite, finite))
def test_voxel_to_world_and_back_returns_the_voxel(seed, spacing_mm, origin_mm):
    geometry = Geometry((7, 8, 9), _random_affine(seed, spacing_mm, origin_mm))
    points = np.random.default_rng(seed).uniform(-0.5, 8.5, (5, 3))
    np.testing.assert_allclose(geometry.world_to_voxel(geometry.voxel_to_world(points)), points, atol=1e-8)


@given(seed=st.integers(0, 10**6), spacing_mm=spacings)
def test_affine_is_direction_times_spacing_plus_origin(seed, spacing_mm):
    geometry = Geometry((2, 3, 4), _random_affine(seed, spacing_mm, (1.0, 2.0, 3.0)))
    np.testing.assert_allclose(geometry.spacing_mm, spacing_mm)
    np.testing.assert_allclose(geometry.direction * geometry.spacing_mm, geometry.affine[:3, :3], atol=1e-12)
    np.testing.assert_allclose(geometry.direction.T @ geometry.direction, np.eye(3), atol=1e-12)
    assert geometry.origin_mm == (1.0, 2.0, 3.0)


def test_hand_written_affine_places_voxels():
    affine = [[0, 0, 3, 10], [-1, 0, 0, 20], [0, 2, 0, 30], [0, 0, 0, 1]]
    geometry = Geometry((4, 5, 6), affine)
    np.testing.assert_array_equal(
        geometry.voxel_to_world([[0, 0, 0], [1, 2, 3]]), [[10, 20, 30], [19, 19, 34]]
    )
    np.testing.assert_array_equal(geometry.world_to_voxel([[19, 19, 34]]), [[1, 2, 3]])
    assert geometry.spacing_mm == (1.0, 2.0, 3.0)
    assert axis_codes(geometry.affine) == ("P", "S", "R")


@pytest.mark.parametrize(
    "affine",
    [
        np.zeros((4, 4)),
        np.diag([1, 1, 0, 1]),
        [[1, 2, 0, 0], [1, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        np.diag([1, np.nan, 1, 1]),
        np.diag([1, np.inf, 1, 1]),
        np.diag([1, 1, 1, 2]),
        np.eye(3),
    ],
)
def test_affine_that_cannot_be_inverted_is_refused(affine):
    with pytest.raises(GeometryError, match="affine"):
        Geometry((2, 3, 4), affine)


@pytest.mark.parametrize("shape", [(0, 1, 1), (2, 3), (2, 3, -4), (1, 2, 3, 4)])
def test_shape_without_voxels_is_refused(shape):
    with pytest.raises(GeometryError, match="shape"):
        Geometry(shape, np.eye(4))


def test_very_uneven_spacing_is_not_singular():
    assert Geometry((2, 3, 4), np.diag([1e-4, 1e-4, 50, 1])).spacing_mm == (1e-4, 1e-4, 50.0)


def test_points_of_another_shape_are_refused():
    with pytest.raises(GeometryError, match=r"\(N, 3\)"):
        Geometry((2, 3, 4), np.eye(4)).voxel_to_world([1, 2, 3])


def test_equality_and_hash_follow_shape_and_affine():
    first, second = Geometry((2, 3, 4), np.eye(4)), Geometry((2, 3, 4), np.eye(4).tolist())
    assert first == second
    assert hash(first) == hash(second)
    assert first != Geometry((2, 3, 5), np.eye(4))
    assert first != Geometry((2, 3, 4), np.diag([1, 1, 2, 1]))
    assert first != "grid"


def test_affine_cannot_be_changed_from_outside():
    affine = np.eye(4)
    geometry = Geometry((2, 3, 4), affine)
    affine[0, 0] = 9
    assert geometry.spacing_mm == (1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        geometry.affine[0, 0] = 9


def test_is_close_measures_the_farthest_voxel_in_mm():
    first = Geometry((101, 3, 4), np.eye(4))
    second = Geometry((101, 3, 4), np.diag([1.0001, 1, 1, 1]))  # 0.01 mm at voxel 100
    assert first.is_close(second, 0.011)
    assert not first.is_close(second, 0.009)
    assert not first.is_close(Geometry((100, 3, 4), np.eye(4)))


def test_axis_codes_of_all_48_axis_orders_are_different(geometries):
    straight = {axis_codes(g.affine) for name, g in geometries.items() if name.startswith("straight")}
    assert len(straight) == 48
    for name, geometry in geometries.items():
        if name.startswith("oblique"):
            assert axis_codes(geometry.affine) == axis_codes(
                geometries[name.replace("oblique", "straight")].affine
            )


def test_lps_and_ras_differ_in_the_sign_of_the_first_two_world_axes():
    affine = np.array([[1, 0, 0, 5], [0, 2, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1.0]])
    expected = [[-1, 0, 0, -5], [0, -2, 0, -6], [0, 0, 3, 7], [0, 0, 0, 1]]
    np.testing.assert_array_equal(flip_lps_ras(affine), expected)
    np.testing.assert_array_equal(flip_lps_ras(flip_lps_ras(affine)), affine)


def test_a_voxel_has_the_volume_of_its_edges_even_where_they_are_slanted():
    slanted = np.array([[0.5, 0.3, 0, 0], [0, -2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]])
    assert Geometry((1, 1, 1), slanted).voxel_ml == pytest.approx(0.003)
