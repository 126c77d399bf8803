"""`isegformer info` and `isegformer weights`."""

import cv2
import numpy as np
import pytest
import zarr

from isegformer.cli import runtime_facts
from isegformer.models import inspect
from isegformer.runtimes import RUNTIMES
from isegformer.volume import read_volume


def test_info_tells_the_facts_of_a_volume(run, volume_file):
    record = run("info", volume_file, "--json").record
    assert record["content"] == "volume"
    assert record["shape"] == [24, 20, 12]
    assert record["spacing_mm"] == pytest.approx([0.9, 0.7, 2.5], rel=1e-5)
    assert record["axis_codes"] == ["L", "A", "S"]
    assert record["dtype"] == "uint8"
    assert record["sha256"] == read_volume(volume_file).sha256
    low, high = record["value_range"]
    assert 0 <= low < high < 120


def test_info_tells_the_facts_of_a_weights_file(run, click_weights):
    record = run("info", click_weights, "--json").record
    assert record["content"] == "weights"
    assert record["kind"] == "click"
    assert record["sha256"] == inspect(click_weights).sha256


def test_info_tells_of_weights_and_device_beside_a_volume(run, volume_file, stcn_weights):
    record = run("info", volume_file, "--weights", stcn_weights, "--device", "cpu", "--json").record
    assert record["weights"]["kind"] == "propagation"
    assert record["device"] == "cpu"


def test_info_reads_an_image_stack_with_spacing(run, tmp_path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"slice_{number}.png"), np.full((5, 7), 40 * number, np.uint8))
    record = run("info", tmp_path, "--spacing", 0.5, 0.25, 4, "--json").record
    assert record["shape"] == [7, 5, 3]
    assert record["spacing_mm"] == [0.5, 0.25, 4.0]


def test_info_reads_zarr_with_and_without_a_grid(run, tmp_path):
    group = zarr.open_group(tmp_path / "scan.ome.zarr", mode="w", zarr_format=2)
    group.create_array("0", shape=(3, 5, 7), dtype="uint8")
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    placed = [{"type": "scale", "scale": [4000, 250, 500]}]
    datasets = [{"path": "0", "coordinateTransformations": placed}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    record = run("info", tmp_path / "scan.ome.zarr", "--json").record
    assert record["shape"] == [7, 5, 3]
    assert record["spacing_mm"] == [0.5, 0.25, 4.0]
    assert record["axis_codes"] == ["L", "P", "S"]
    record = run("info", tmp_path / "scan.ome.zarr" / "0", "--spacing", 1, 2, 3, "--json").record
    assert record["spacing_mm"] == [1.0, 2.0, 3.0]
    done = run("info", tmp_path / "scan.ome.zarr" / "0")
    assert done.code == 1
    assert "spacing" in done.out + done.err


def test_info_for_people_names_the_facts(run, volume_file):
    done = run("info", volume_file)
    assert done.code == 0
    assert "24, 20, 12" in done.out
    assert "axis codes" in done.out


def test_weights_list_names_what_the_registry_holds(run):
    record = run("weights", "list", "--json").record
    assert isinstance(record["weights"], list)
    assert all({"name", "kind", "sha256", "licence"} <= set(entry) for entry in record["weights"])


def test_weights_list_refuses_an_unknown_name(run):
    done = run("weights", "list", "--weights", "no-such-weights")
    assert done.code == 1
    assert "no weights are called 'no-such-weights'" in done.err


@pytest.mark.parametrize("arguments", [["{path}"], ["--weights", "{path}"]])
def test_weights_inspect_tells_what_a_file_holds(run, click_weights, arguments):
    filled = [argument.format(path=click_weights) for argument in arguments]
    record = run("weights", "inspect", *filled, "--device", "cpu", "--json").record
    assert record["form"] == "isegformer"
    assert record["predictor"]["zoom"]["side_px"] == 32
    assert record["loaded_on"] == "cpu"


def test_weights_fetch_tells_where_a_file_lies(run, click_weights):
    assert run("weights", "fetch", click_weights, "--json").record["path"] == str(click_weights)


@pytest.mark.parametrize("arguments", [[], ["one", "--weights", "other"]])
@pytest.mark.parametrize("command", ["inspect", "fetch"])
def test_weights_without_one_name_are_a_usage_error(run, command, arguments):
    assert run("weights", command, *arguments).code == 2


def test_unknown_weights_are_told(run):
    done = run("weights", "inspect", "no-such-weights")
    assert done.code == 1
    assert "neither a file nor a name" in done.err


@pytest.mark.parametrize("weights", ["click_weights", "stcn_weights"])
def test_info_tells_what_computes_networks_here_and_why(run, request, weights):
    path = request.getfixturevalue(weights)
    facts = run("info", "--runtime", "--weights", path, "--device", "cpu", "--json").record["runtime"][
        str(path)
    ]
    assert set(facts["verdicts"]) == set(RUNTIMES)
    assert facts["verdicts"]["pytorch"] == "works; relative difference of logits to eager PyTorch 0"
    assert facts["chosen"] in facts["order"]
    assert facts["verdicts"][facts["chosen"]].startswith("works; ")


def test_info_of_runtimes_for_people_marks_the_chosen_one(run, click_weights, monkeypatch):
    monkeypatch.setattr(runtime_facts, "ORDER", {"cpu": ("pytorch",)})
    monkeypatch.setattr("isegformer.runtimes.choice.ORDER", {"cpu": ("pytorch",)})
    text = run("info", "--runtime", "--weights", click_weights, "--device", "cpu").out
    assert "pytorch (chosen)" in text
    assert "chosen: the first of pytorch that works" in text
    assert "not here: CUDA graphs need a graphics card" in " ".join(text.split())
    assert "pytorch-bf16 (chosen)" not in text


def test_info_about_nothing_is_a_usage_error(run):
    result = run("info")
    assert result.code == 2
    assert "name a FILE" in result.err
