import numpy as np
import pytest
import trimesh

from isegformer.errors import GeometryError, VolumeWriteError
from isegformer.exports import Surface, surface_of, write_surface
from isegformer.volume import Geometry

BALL_RADIUS_MM = 12.0


def test_a_ball_has_the_area_and_the_volume_of_a_ball(ball_map):
    surface = surface_of(ball_map.labels == 3, ball_map.geometry)
    assert surface.area_mm2 == pytest.approx(4 * np.pi * BALL_RADIUS_MM**2, rel=0.04)
    assert surface.volume_mm3 == pytest.approx(4 / 3 * np.pi * BALL_RADIUS_MM**3, rel=0.02)


def test_a_surface_lies_around_the_object_in_patient_space(ball_map):
    surface = surface_of(ball_map.labels == 3, ball_map.geometry)
    centre = ball_map.geometry.voxel_to_world([(np.array(ball_map.labels.shape) - 1) / 2])
    distances = np.linalg.norm(surface.vertices_mm - centre, axis=1)
    assert np.abs(distances - BALL_RADIUS_MM).max() < 1.0


def test_triangles_face_outwards_and_leave_no_hole(ball_map):
    surface = surface_of(ball_map.labels == 3, ball_map.geometry)
    mesh = trimesh.Trimesh(surface.vertices_mm, surface.faces, process=False)
    assert mesh.is_watertight
    assert mesh.volume > 0


def test_an_object_at_the_end_of_the_grid_is_closed():
    surface = surface_of(np.ones((4, 5, 6), bool), Geometry((4, 5, 6), np.eye(4)))
    assert trimesh.Trimesh(surface.vertices_mm, surface.faces, process=False).is_watertight
    assert surface.volume_mm3 == pytest.approx(120, rel=0.1)


def test_one_voxel_has_a_surface():
    mask = np.zeros((4, 5, 6), bool)
    mask[2, 3, 4] = True
    surface = surface_of(mask, Geometry((4, 5, 6), np.eye(4)))
    np.testing.assert_allclose(surface.vertices_mm.mean(axis=0), (2, 3, 4), atol=1e-6)


def test_an_empty_object_and_another_grid_are_refused():
    with pytest.raises(GeometryError, match="no voxel"):
        surface_of(np.zeros((4, 5, 6), bool), Geometry((4, 5, 6), np.eye(4)))
    with pytest.raises(GeometryError, match="shape"):
        surface_of(np.ones((4, 5, 6), bool), Geometry((4, 5, 7), np.eye(4)))


@pytest.mark.parametrize("suffix", [".stl", ".ply"])
def test_a_written_surface_reads_back_in_lps(suffix, ball_map, tmp_path):
    surface = surface_of(ball_map.labels == 3, ball_map.geometry)
    path = tmp_path / f"ball{suffix}"
    write_surface(surface, path)
    assert b"SPACE=LPS" in path.read_bytes()[:200]
    read = trimesh.load_mesh(path)
    assert read.is_watertight
    assert read.volume == pytest.approx(surface.volume_mm3, rel=1e-4)
    np.testing.assert_allclose(
        read.vertices.mean(axis=0) * (-1, -1, 1), surface.vertices_mm.mean(axis=0), atol=1e-3
    )


def test_another_suffix_is_refused_and_a_failed_write_leaves_what_was_there(ball_map, tmp_path, monkeypatch):
    surface = surface_of(ball_map.labels == 3, ball_map.geometry)
    with pytest.raises(VolumeWriteError, match=r"\.stl or \.ply"):
        write_surface(surface, tmp_path / "ball.obj")
    path = tmp_path / "ball.stl"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(VolumeWriteError, match="No space left"):
        write_surface(surface, path)
    assert path.read_bytes() == b"before"


def test_triangles_of_known_size():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    surface = Surface(vertices_mm=corners, faces=faces)
    assert surface.volume_mm3 == pytest.approx(1 / 6)
    assert surface.area_mm2 == pytest.approx(1.5 + np.sqrt(3) / 2)
