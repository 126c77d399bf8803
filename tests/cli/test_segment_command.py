"""`isegformer segment`, from files to files."""

import json

import numpy as np
import pytest

from isegformer.cli import segment_run
from isegformer.interaction import loading
from isegformer.volume import read_label_map, read_volume


@pytest.fixture
def segment(run, volume_file, clicks_file, click_weights, tmp_path):
    """Run `segment` on the ball with the given further arguments."""

    def run_segment(*arguments, output="mask.nii.gz", clicks=clicks_file):
        fixed = ("--clicks", clicks, "-o", tmp_path / output, "--weights", click_weights, "--device", "cpu")
        return run("segment", volume_file, *fixed, *arguments)

    return run_segment


def test_clicked_slices_get_labels_and_no_other_slice_does(segment, tmp_path):
    done = segment("--json", "--axis", "2")
    labels = read_label_map(tmp_path / "mask.nii.gz").labels
    assert done.code == 0, done.err
    assert set(np.flatnonzero(labels.any(axis=(0, 1)))) <= {4, 8}
    assert set(np.unique(labels)) <= {0, 2, 5}
    assert done.record["annotated_slices"] == [4, 8]
    assert done.record["clicks"] == 4
    assert [item["name"] for item in done.record["objects"]] == ["ball", "beside"]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_the_mask_lies_on_the_grid_of_the_volume(segment, volume_file, tmp_path, suffix):
    segment(output=f"mask{suffix}")
    written = read_label_map(tmp_path / f"mask{suffix}").geometry
    assert written.is_close(read_volume(volume_file).geometry, 1e-4)


def test_propagation_by_interpolation_fills_the_slices_between(segment, tmp_path):
    done = segment("--propagate", "--method", "interpolate", "--json")
    labels = read_label_map(tmp_path / "mask.nii.gz").labels
    assert done.code == 0, done.err
    assert done.record["method"] == "interpolate"
    assert done.record["seconds_per_slice"] > 0
    filled = set(np.flatnonzero((labels == 2).any(axis=(0, 1))))
    assert filled <= set(range(4, 9))
    assert {4, 8} <= filled


def test_propagation_with_a_network_keeps_the_clicked_slices(segment, stcn_weights, tmp_path):
    segment(output="clicked.nii.gz")
    done = segment("--propagate", "--propagation-weights", stcn_weights)
    assert done.code == 0, done.err
    clicked, whole = (read_label_map(tmp_path / name).labels for name in ("clicked.nii.gz", "mask.nii.gz"))
    assert np.array_equal(clicked[:, :, [4, 8]], whole[:, :, [4, 8]])


def test_the_same_clicks_give_the_same_mask(segment, tmp_path):
    segment(output="first.nii.gz")
    segment(output="second.nii.gz")
    first, second = (read_label_map(tmp_path / name).labels for name in ("first.nii.gz", "second.nii.gz"))
    assert first.any()
    assert np.array_equal(first, second)


def test_the_later_object_yields(segment, tmp_path):
    click = [{"voxel": [12, 10, 4], "positive": True}]
    first, second = ({"name": name, "label": label, "clicks": click} for name, label in (("a", 7), ("b", 3)))
    for name, objects in (("alone", [first]), ("both", [first, second])):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"objects": objects}), encoding="utf-8")
        assert segment(clicks=path, output=f"{name}.nii.gz").code == 0
    alone, both = (read_label_map(tmp_path / f"{name}.nii.gz").labels for name in ("alone", "both"))
    assert np.count_nonzero(alone == 7) > 0
    assert np.array_equal(alone, both)


def test_mirrored_averaging_is_off_unless_it_is_asked_for(segment, tmp_path, monkeypatch):
    seen = []

    def spy(network, config):
        seen.append(config.mirror)
        return real(network, config)

    real = loading.SlicePredictor
    monkeypatch.setattr(loading, "SlicePredictor", spy)
    segment()
    segment("--mirror")
    assert seen == [False, True]


def test_an_object_of_which_nothing_was_found_is_told(segment, tmp_path):
    clicks = tmp_path / "negative.json"
    only_negative = [{"voxel": [12, 10, 4], "positive": False}]
    yields = [{"voxel": [12, 10, 4], "positive": True}]
    objects = [
        {"name": "taker", "label": 1, "clicks": yields},
        {"name": "nothing", "label": 2, "clicks": only_negative},
    ]
    clicks.write_text(json.dumps({"objects": objects}), encoding="utf-8")
    done = segment("--json", clicks=clicks)
    assert done.code == 0
    record = {item["name"]: item["voxels"] for item in done.record["objects"]}
    assert (record["nothing"] == 0) == ("nothing was found of 'nothing'" in done.err)


def test_a_click_outside_the_volume_is_named_and_nothing_is_written(segment, tmp_path):
    clicks = tmp_path / "outside.json"
    record = {
        "objects": [{"name": "liver", "label": 1, "clicks": [{"voxel": [12, 10, 12], "positive": True}]}]
    }
    clicks.write_text(json.dumps(record), encoding="utf-8")
    done = segment(clicks=clicks)
    assert done.code == 1
    assert "click 1 of object 1 ('liver')" in done.err
    assert "0 to 23, 0 to 19, 0 to 11" in done.err
    assert not (tmp_path / "mask.nii.gz").exists()


def test_weights_of_another_kind_are_refused(segment, stcn_weights):
    done = segment("--weights", stcn_weights)
    assert done.code == 1
    assert "hold a propagation network, expected a click network" in done.err


def test_propagation_weights_of_another_kind_are_refused(segment, click_weights):
    done = segment("--propagate", "--propagation-weights", click_weights)
    assert done.code == 1
    assert "hold a click network, expected a propagation network" in done.err


@pytest.mark.parametrize(
    ("output", "told"),
    [("missing/mask.nii.gz", "there is no folder"), ("mask.png", "expected a name that ends in .nii")],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(segment, output, told, monkeypatch):
    monkeypatch.setattr(segment_run, "load_predictor", lambda *_, **__: pytest.fail("worked in vain"))
    done = segment(output=output)
    assert done.code == 1
    assert told in done.err


def test_the_scan_is_never_replaced_by_its_mask(segment, volume_file, tmp_path):
    before = volume_file.read_bytes()
    by_another_name = tmp_path / "same.nii.gz"
    by_another_name.symlink_to(volume_file)
    for output in (volume_file, by_another_name):
        done = segment(output=output)
        assert done.code == 1
        assert "is what the command reads, and would be lost" in done.err
    assert volume_file.read_bytes() == before
