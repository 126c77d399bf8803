"""`isegformer demo`: a simulated user on a scene, or a person's own volume and clicks."""

import json
import re

import cv2
import numpy as np
import pytest

from isegformer.cli import demo_run, extras
from isegformer.cli.clicks_file import parse_clicks
from isegformer.cli.demo_report import peak_memory_bytes
from isegformer.demo import Scene
from isegformer.volume import read_label_map, read_volume
from isegformer.workflow import VoxelClick

pytest.importorskip("matplotlib", reason="needs the extra `demo`")


@pytest.fixture
def demo(run, click_weights, stcn_weights, tmp_path):
    """Run `demo` with tiny networks."""

    def run_demo(*arguments, method="interpolate"):
        networks = ("--weights", click_weights, "--propagation-weights", stcn_weights, "--device", "cpu")
        return run("demo", "-o", tmp_path / "out", "--method", method, *networks, *arguments)

    return run_demo


@pytest.fixture
def small_scene(monkeypatch, volume_file, ball):
    """Put a small scene in place of the brain."""
    scene = Scene(name="ball", volume=read_volume(volume_file), goal=ball, axis=2)
    monkeypatch.setattr(demo_run, "brain_scene", lambda: scene)
    monkeypatch.setattr(extras, "find_spec", lambda name: object())
    return scene


@pytest.mark.parametrize("method", ["interpolate", "stcn"])
def test_a_demo_measures_two_rounds_and_writes_mask_and_picture(demo, small_scene, tmp_path, method):
    done = demo("--json", method=method)
    assert done.code == 0, done.err
    first, refined = done.record["rounds"]
    assert first["clicks"] > 0
    assert first["seconds_per_click"] > 0
    assert min(first["seconds_per_slice"], refined["seconds_per_slice"]) > 0
    assert all(0 <= one["dice"] <= 1 for one in (first, refined))
    assert not set(first["slices"]) & set(refined["slices"])
    assert done.record["peak_memory_mib"] > 50
    mask = read_label_map(tmp_path / "out" / "mask.nii.gz")
    assert mask.geometry.is_close(small_scene.volume.geometry, 1e-4)
    assert cv2.imread(str(tmp_path / "out" / "sheet.png")) is not None


def test_a_demo_for_people_shows_a_table(demo, small_scene, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    done = demo()
    assert done.code == 0, done.err
    assert all(
        word in done.out
        for word in ("clicks", "s per click", "s per slice", "Dice", "peak memory", "sheet.png")
    )
    assert re.search(r"first .* \d+ .* \d\.\d\d .* \d\.\d\d .* \d\.\d\d\d", done.out)


def test_a_demo_on_an_own_volume_uses_the_clicks_of_its_owner(demo, volume_file, clicks_file, tmp_path):
    done = demo("--volume", volume_file, "--clicks", clicks_file, "--json")
    assert done.code == 0, done.err
    (only,) = done.record["rounds"]
    assert only["clicks"] == 4
    assert only["slices"] == [4, 8]
    assert only["dice"] is None
    assert set(np.unique(read_label_map(tmp_path / "out" / "mask.nii.gz").labels)) <= {0, 2, 5}


def test_an_own_volume_without_clicks_shows_how_to_write_them(demo, volume_file):
    done = demo("--volume", volume_file)
    assert done.code == 1
    example = re.search(r"\{.*\}", done.err).group()
    (item,) = parse_clicks(json.loads(example), geometry=read_volume(volume_file).geometry)
    assert item.clicks == (VoxelClick(voxel=(12, 10, 6), is_positive=True),)


def test_an_output_folder_that_cannot_be_made_is_told(run, small_scene, tmp_path, click_weights):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("demo", "-o", tmp_path / "file" / "out", "--weights", click_weights, "--method", "interpolate")
    assert done.code == 1
    assert "cannot make the folder" in done.err


def test_a_missing_extra_is_named(demo, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    done = demo()
    assert done.code == 1
    assert done.err == "error: nilearn, matplotlib is not installed; run: pip install 'isegformer[demo]'\n"


def test_peak_memory_is_in_bytes():
    before = peak_memory_bytes()
    block = np.ones(300_000_000, np.uint8)
    assert before > 50e6
    assert peak_memory_bytes() >= before
    assert peak_memory_bytes() > block.nbytes
