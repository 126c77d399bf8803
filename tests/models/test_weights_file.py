import dataclasses
import hashlib
import json
import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from isegformer.errors import CheckpointError, WriteError
from isegformer.models import (
    ClickSegmenter,
    FusionNetwork,
    Stcn,
    build_click_network,
    inspect,
    load,
    save_weights,
)
from isegformer.models.checkpoint.state import network_state
from isegformer.models.compact import CompactBackbone, TopDownDecoder, click_embedding, image_embedding
from isegformer.models.config import CompactConfig
from isegformer.models.stcn_config import EncoderConfig, StcnConfig

TINY_STCN = StcnConfig(
    key_encoder=EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 8, 8),
        depths=(1, 1, 1),
        has_conv_bias=False,
    ),
    value_encoder=EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 8, 8),
        depths=(1, 1, 1),
        has_conv_bias=True,
    ),
    key_channels=8,
    context_channels=8,
    value_channels=8,
    attention_reduction=2,
    decoder_channels=(8, 8, 8),
)


def same_tensors(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    one, other = network_state(first), network_state(second)
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def test_every_family_comes_back_equal(tmp_path, tiny_config):
    network = build_click_network(tiny_config)
    path = tmp_path / "tiny.safetensors"
    save_weights(network, path)
    loaded = load(path)
    assert isinstance(loaded, ClickSegmenter)
    assert loaded.config == tiny_config
    assert not loaded.training
    assert same_tensors(loaded, network)


@pytest.mark.parametrize("make", [lambda: Stcn(TINY_STCN), lambda: FusionNetwork(4)], ids=["stcn", "fusion"])
def test_propagation_networks_come_back_equal(tmp_path, make):
    network = make()
    path = tmp_path / "tiny.safetensors"
    save_weights(network, path, dtype=torch.float32)
    loaded = load(path)
    assert type(loaded) is type(network)
    assert same_tensors(loaded, network)


def test_half_precision_halves_the_file_and_is_single_precision_in_memory(tmp_path, tiny_swin):
    network = build_click_network(tiny_swin)
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    save_weights(network, whole)
    save_weights(network, half, dtype=torch.float16)
    loaded = load(half)
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    for name, value in network_state(network).items():
        got = network_state(loaded)[name]
        assert got.dtype == value.dtype
        assert torch.equal(got, value.half().float() if value.is_floating_point() else value)
    assert inspect(half).dtype == "float16"


def test_a_tensor_too_large_for_half_precision_stays_single(tmp_path, tiny_swin):
    network = build_click_network(tiny_swin)
    with torch.no_grad():
        network.decoder.fuse.bias[0] = 1e6
    save_weights(network, tmp_path / "half.safetensors", dtype=torch.float16)
    assert torch.equal(load(tmp_path / "half.safetensors").decoder.fuse.bias, network.decoder.fuse.bias)
    with safe_open(tmp_path / "half.safetensors", framework="pt") as file:
        types = {name: file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert [name for name, kind in types.items() if kind == torch.float32] == ["decoder.fuse.bias"]


def test_values_that_are_not_finite_are_an_error(tmp_path, tiny_swin):
    network = build_click_network(tiny_swin)
    with torch.no_grad():
        network.decoder.fuse.bias[0] = torch.nan
    with pytest.raises(CheckpointError, match=r"decoder\.fuse\.bias.*not finite"):
        save_weights(network, tmp_path / "half.safetensors", dtype=torch.float16)
    with pytest.raises(CheckpointError, match=r"expected torch.float16 or torch.float32"):
        save_weights(network, tmp_path / "half.safetensors", dtype=torch.bfloat16)
    assert list(tmp_path.iterdir()) == []


def test_a_shared_embedding_is_stored_once(tmp_path, tiny_swin):
    network = build_click_network(dataclasses.replace(tiny_swin, click_embedding="shared"))
    save_weights(network, tmp_path / "shared.safetensors")
    with safe_open(tmp_path / "shared.safetensors", framework="pt") as file:
        embeddings = [name for name in file.keys() if "embedding" in name]  # noqa: SIM118
    assert len(embeddings) == len(list(network.image_embedding.parameters()))
    loaded = load(tmp_path / "shared.safetensors")
    assert loaded.image_embedding is loaded.click_embedding


def test_summary_says_what_the_file_holds(tmp_path, tiny_swin):
    network = build_click_network(CompactConfig())
    path = tmp_path / "compact.safetensors"
    save_weights(network, path, dtype=torch.float16, predictor={"threshold": 0.49, "sizes": [384]})
    summary = inspect(path)
    assert (summary.form, summary.kind, summary.architecture) == ("isegformer", "click", "compact")
    assert summary.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert summary.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert summary.predictor == {"threshold": 0.49, "sizes": [384]}
    assert summary.numbers["widths"] == [32, 64, 128, 192, 256]
    assert summary.dropped == ()
    save_weights(build_click_network(tiny_swin), path)
    assert inspect(path).architecture == "swin (custom)"


def test_a_network_put_together_by_hand_has_no_architecture_to_save(tmp_path):
    config = CompactConfig(widths=(4, 6), depths=(1, 1), attention_heads=2, decoder_widths=(4,))
    network = ClickSegmenter(
        image_embedding=image_embedding(4),
        click_embedding=click_embedding(4),
        backbone=CompactBackbone(config),
        decoder=TopDownDecoder(config.widths, decoder_widths=config.decoder_widths),
        click_radius_px=5.0,
    )
    with pytest.raises(CheckpointError, match="make click networks with build_click_network"):
        save_weights(network, tmp_path / "hand.safetensors")


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, tiny_swin, monkeypatch):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"old")

    def full_disk(_tensors, filename, metadata):
        raise OSError(28, "No space left on device", filename, None, metadata and None)

    monkeypatch.setattr("isegformer.models.checkpoint.ours.save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_weights(build_click_network(tiny_swin), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_does_not_reach_the_disk_is_a_write_error(tmp_path, tiny_swin, monkeypatch):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"old")

    def full_disk(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(WriteError, match="the file that was there is intact"):
        save_weights(build_click_network(tiny_swin), path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_others_may_read_saved_weights(tmp_path, tiny_swin):
    before = os.umask(0o022)
    try:
        save_weights(build_click_network(tiny_swin), tmp_path / "weights.safetensors")
    finally:
        os.umask(before)
    assert (tmp_path / "weights.safetensors").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.01, 0.5, 0.999])
def test_truncated_files_are_refused(tmp_path, tiny_swin, fraction):
    path = tmp_path / "weights.safetensors"
    save_weights(build_click_network(tiny_swin), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(
        CheckpointError,
        match=r"weights\.safetensors is neither a file of torch.save nor a whole safetensors file",
    ):
        load(path)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "does not say which network"),
        ("{", "damaged metadata"),
        ('{"format": 2, "kind": "click", "config": {}}', "another format than 1"),
        ('{"format": 1, "kind": "click"}', "expected a kind and a config"),
        ('{"format": 1, "kind": "video", "config": {}}', "kind of network is 'video'"),
        ('{"format": 1, "kind": "click", "config": {"family": "vit"}}', "family is 'vit'"),
        ('{"format": 1, "kind": "fusion", "config": {"channels": -1}}', "channels are -1"),
        ('{"format": 1, "kind": "propagation", "config": {}}', "configuration is malformed"),
    ],
)
def test_metadata_that_names_no_network_is_an_error(tmp_path, record, message):
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(2)}, path, metadata=None if record is None else {"isegformer": record})
    with pytest.raises(CheckpointError, match=message):
        load(path)


def test_parameters_that_do_not_fit_are_all_listed(tmp_path, tiny_swin):
    path = tmp_path / "weights.safetensors"
    save_weights(build_click_network(tiny_swin), path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors["decoder.fuse.bias"] = torch.zeros(3)
    tensors["decoder.stray"] = tensors.pop("decoder.classify.bias")
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(CheckpointError) as caught:
        load(path)
    for part in (
        "1 missing: decoder.classify.bias 1",
        "unexpected: decoder.stray 1",
        "fuse.bias 3, expected 7",
    ):
        assert part in str(caught.value)


def test_metadata_is_one_json_object(tmp_path, tiny_swin):
    path = tmp_path / "weights.safetensors"
    save_weights(build_click_network(tiny_swin), path)
    with safe_open(path, framework="pt") as file:
        record = json.loads(file.metadata()["isegformer"])
    assert (record["format"], record["kind"], record["config"]["family"]) == (1, "click", "swin")
    assert "predictor" not in record
