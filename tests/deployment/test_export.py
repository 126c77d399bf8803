import json
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from isegformer.deployment import FILE_FORMATS, export_weights, registry
from isegformer.deployment.check import TOLERANCE
from isegformer.deployment.file_format import FileFormat
from isegformer.deployment.openvino_file import OPENVINO
from isegformer.errors import ConfigError, DependencyError, DeploymentError, WriteError
from isegformer.models import FusionNetwork, load, save_weights
from isegformer.models.stcn import read_memory
from isegformer.types import FloatArray

FORMS = ["onnx", "torchscript", "openvino"]


@pytest.fixture
def image() -> FloatArray:
    """Return a bright disk on noise, (70, 53)."""
    rows, cols = np.indices((70, 53))
    noise = np.random.default_rng(8).random((70, 53), np.float32) / 5
    return noise + 0.8 * (np.hypot(rows - 40, cols - 20) < 12).astype(np.float32)


def files_of(folder):
    return sorted(path.name for path in folder.iterdir())


def needs(form):
    if form == "openvino":
        pytest.importorskip("openvino")


@pytest.mark.parametrize("form", FORMS)
def test_a_click_network_becomes_one_graph_that_answers_the_same(form, click_weights, image, tmp_path):
    needs(form)
    weights = click_weights("swin")
    exported = export_weights(weights, tmp_path / "out", format_name=form, image=image)
    description = json.loads((tmp_path / "out" / "isegformer.json").read_text(encoding="utf-8"))
    assert files_of(tmp_path / "out") == sorted(path.name for path in exported.files)
    assert [graph["name"] for graph in description["graphs"]] == ["network"]
    assert description["graphs"][0]["inputs"][1] == {"name": "hint", "shape": ["batch", 3, "height", "width"]}
    assert description["settings"]["predictor"]["first_looks"] == 2
    assert description["settings"]["threshold"] == 0.49
    assert description["check"]["largest_difference"] <= TOLERANCE
    assert [(one.height, one.width, one.batch) for one in exported.comparisons] == [
        (70, 53, 1),
        (83, 117, 3),
        (208, 145, 2),
        (256, 256, 1),
    ]


@pytest.mark.parametrize("family", ["compact", "segformer", "hrnet", "hrformer", "unet"])
def test_every_family_of_click_networks_can_be_exported(family, click_weights, image, tmp_path):
    exported = export_weights(click_weights(family), tmp_path / "out", format_name="onnx", image=image)
    assert max(one.difference for one in exported.comparisons) <= TOLERANCE


@pytest.mark.parametrize("form", FORMS)
def test_a_propagation_network_becomes_three_graphs(form, stcn_weights, image, tmp_path):
    needs(form)
    exported = export_weights(stcn_weights, tmp_path / "out", format_name=form, image=image)
    assert {one.graph for one in exported.comparisons} == {"key_encoder", "value_encoder", "decoder"}
    assert {(one.height, one.width) for one in exported.comparisons} == {
        (64, 48),
        (80, 112),
        (208, 144),
        (256, 256),
    }
    description = json.loads((tmp_path / "out" / "isegformer.json").read_text(encoding="utf-8"))
    assert (description["kind"], description["size_multiple"]) == ("propagation", 16)
    assert description["settings"]["top_k"] == 20


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weights", ["compact", "stcn-small"])
def test_bundled_weights_are_exported_far_below_the_tolerance(form, weights, tmp_path):
    needs(form)
    exported = export_weights(weights, tmp_path / "out", format_name=form)
    assert max(one.difference for one in exported.comparisons) < TOLERANCE / 5


def test_group_norms_are_written_in_this_way_for_our_files_alone(stcn_weights, image, tmp_path):
    export_weights(stcn_weights, tmp_path / "out", format_name="onnx", image=image)
    norm = torch.nn.GroupNorm(2, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(norm, (torch.rand(1, 4, 5, 6),), tmp_path / "norm.onnx", dynamo=False)
    assert "InstanceNormalization" in _operators(tmp_path / "norm.onnx")
    assert "InstanceNormalization" not in _operators(tmp_path / "out" / "key_encoder.onnx")


def _operators(path):
    return {node.op_type for node in onnx.load(path).graph.node}


def test_graphs_of_a_propagation_network_carry_a_mask_to_the_next_slice(stcn_weights, image, tmp_path):
    export_weights(stcn_weights, tmp_path / "out", format_name="onnx", image=image)
    run = {
        name: onnxruntime.InferenceSession(str(tmp_path / "out" / f"{name}.onnx"))
        for name in ("key_encoder", "value_encoder", "decoder")
    }
    first, second = (np.tile(shade, (1, 3, 96, 80)).astype(np.float32) * 0.5 for shade in (0.2, 0.3))
    first[..., 20:50, 30:60], second[..., 22:52, 31:61] = 0.9, 0.8
    mask = (first[:, :1] > 0.5).astype(np.float32)
    names = [output.name for output in run["key_encoder"].get_outputs()]
    memory = dict(zip(names, run["key_encoder"].run(None, {"frame": first}), strict=True))
    query = dict(zip(names, run["key_encoder"].run(None, {"frame": second}), strict=True))
    given = {"frame": first, "sixteenth": memory["sixteenth"], "mask": mask, "others": np.zeros_like(mask)}
    (value,) = run["value_encoder"].run(None, given)
    keys = (torch.from_numpy(one["key"]) for one in (memory, query))
    readout = read_memory(next(keys)[:, :, None], torch.from_numpy(value)[:, :, None], query_key=next(keys))
    skips = {name: query[name] for name in ("context", "skip_8", "skip_4", "skip_2")}
    (probability,) = run["decoder"].run(None, {"readout": readout.numpy(), **skips})

    network = load(stcn_weights)
    with torch.no_grad():
        ours, theirs = (network.encode_key(torch.from_numpy(frame)) for frame in (first, second))
        frame, drawn = torch.from_numpy(first), torch.from_numpy(mask)
        kept = network.encode_value(frame, ours, mask=drawn, others=torch.zeros_like(drawn))
        read = read_memory(ours.key[:, :, None], kept[:, :, None], query_key=theirs.key)
        expected = torch.sigmoid(network.decode(read, theirs)).numpy()
    np.testing.assert_allclose(probability, expected, atol=1e-5)


def test_what_cannot_be_exported_is_said(click_weights, tmp_path):
    save_weights(FusionNetwork(4), tmp_path / "fusion.safetensors")
    with pytest.raises(ConfigError, match="a FusionNetwork cannot be exported, expected a click or a prop"):
        export_weights(tmp_path / "fusion.safetensors", tmp_path / "out", format_name="onnx")
    with pytest.raises(ConfigError, match="'caffe', expected one of: onnx, openvino, torchscript"):
        export_weights(click_weights("compact"), tmp_path / "out", format_name="caffe")
    assert files_of(tmp_path) == ["fusion.safetensors"]


def test_a_format_whose_package_is_missing_says_how_to_install_it(click_weights, tmp_path, monkeypatch):
    missing = FileFormat(
        suffix=".x",
        modules=("no_such_package",),
        advice="pip install it",
        write=OPENVINO.write,
        open=OPENVINO.open,
    )
    monkeypatch.setitem(registry.FILE_FORMATS, "missing", missing)
    with pytest.raises(DependencyError, match="no_such_package is not installed; run: pip install it"):
        export_weights(click_weights("compact"), tmp_path / "out", format_name="missing")


def answering(change):
    """Return a format whose graphs answer with what `change` makes of the right answer."""
    right = FILE_FORMATS["torchscript"]

    def open_(path, graph):
        run = right.open(path, graph)
        return lambda inputs: [change(output) for output in run(inputs)]

    return FileFormat(suffix=".pt", modules=(), advice="", write=right.write, open=open_)


def test_a_graph_that_answers_otherwise_leaves_nothing(click_weights, image, tmp_path, monkeypatch):
    monkeypatch.setitem(registry.FILE_FORMATS, "wrong", answering(lambda output: output + 2e-4))
    with pytest.raises(
        DeploymentError, match=r"network for 1 on 70 x 53 px differs from PyTorch's by 0\.0002"
    ):
        export_weights(click_weights("compact"), tmp_path / "out", format_name="wrong", image=image)
    assert files_of(tmp_path) == []


def test_an_earlier_export_survives_a_failure_and_is_replaced_on_request(
    click_weights, image, tmp_path, monkeypatch
):
    weights, out = click_weights("compact"), tmp_path / "out"
    export_weights(weights, out, format_name="torchscript", image=image)
    before = (out / "isegformer.json").read_bytes()
    with pytest.raises(WriteError, match="holds an export already; choose another folder, or --overwrite"):
        export_weights(weights, out, format_name="onnx", image=image)
    monkeypatch.setitem(registry.FILE_FORMATS, "wrong", answering(lambda output: output * np.nan))
    with pytest.raises(DeploymentError, match="differs from PyTorch's by nan"):
        export_weights(weights, out, format_name="wrong", image=image, overwrite=True)
    assert (out / "isegformer.json").read_bytes() == before
    export_weights(weights, out, format_name="onnx", image=image, overwrite=True)
    assert files_of(out) == ["isegformer.json", "network.onnx"]
    assert files_of(tmp_path) == ["out"]
