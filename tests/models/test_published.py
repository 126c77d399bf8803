"""Checkpoints in published forms, made from our own tiny networks, through the public loader."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from isegformer.errors import CheckpointError
from isegformer.models import ClickSegmenter, FusionNetwork, build_click_network, inspect, load, variant
from isegformer.models.checkpoint.published_names import (
    FUSION_RENAMES,
    HRNET_RENAMES,
    STCN_RENAMES,
    SWIN_RENAMES,
)
from isegformer.models.checkpoint.state import network_state
from isegformer.models.config import MlpDecoderConfig, SwinConfig
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_PUBLISHED

SHARED_SWIN = SwinConfig(
    embed_channels=6,
    depths=(2, 1, 1, 1),
    heads=(1, 2, 3, 6),
    window=3,
    click_embedding="shared",
    drop_path=0.2,
    decoder=MlpDecoderConfig(channels=7, dropout=0.3),
    click_radius_px=7.0,
)


def published_state(
    network: torch.nn.Module, renames: tuple[tuple[str, str], ...]
) -> dict[str, torch.Tensor]:
    """Return the network's tensors under the names of the published form."""

    def published(name: str) -> str:
        for theirs, ours in renames:
            if name.startswith(ours):
                return theirs + name.removeprefix(ours)
        return name

    return {published(name): value.detach() for name, value in network_state(network).items()}


def swin_checkpoint(network: ClickSegmenter) -> dict[str, Any]:
    backbone = {
        "in_chans": 3,
        "in_coord_chans": 3,
        "embed_dim": 6,
        "depths": [2, 1, 1, 1],
        "num_heads": [1, 2, 3, 6],
        "window_size": 3,
        "ape": False,
        "drop_path_rate": 0.2,
        "patch_norm": True,
        "use_checkpoint": False,
    }
    head = {
        "in_channels": [6, 12, 24, 48],
        "in_index": [0, 1, 2, 3],
        "channels": 7,
        "dropout_ratio": 0.3,
        "num_classes": 1,
        "loss_decode": foreign_loss(),
        "align_corners": False,
    }
    values = {
        "backbone_params": backbone,
        "head_params": head,
        "use_deep_fusion": True,
        "use_disks": True,
        "norm_radius": 7,
        "with_prev_mask": True,
        "use_leaky_relu": False,
    }
    state = published_state(network, SWIN_RENAMES)
    state["maps_transform.0.weight"] = torch.zeros(16, 3, 1, 1)
    state["backbone.patch_embed_coords.proj.bias"] = torch.zeros(6)
    state["backbone.layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(9, 9, dtype=torch.int64)
    params = {name: {"type": "builtin", "value": value} for name, value in values.items()}
    return {"config": {"class": "isegm.model.x.SwinformerModel", "params": params}, "state_dict": state}


def foreign_loss() -> object:
    module = sys.modules.setdefault("isegm", types.ModuleType("isegm"))
    module.CrossEntropyLoss = type("CrossEntropyLoss", (torch.nn.Module,), {"__module__": "isegm"})
    return module.CrossEntropyLoss()


def save(content: object, path: Path) -> Path:
    torch.save(content, path)
    sys.modules.pop("isegm", None)
    return path


@pytest.fixture
def hint() -> torch.Tensor:
    return (torch.rand(1, 3, 37, 45, generator=torch.Generator().manual_seed(4)) > 0.9).float()


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(1, 3, 37, 45, generator=torch.Generator().manual_seed(5))


def test_isegformer_file_gives_the_same_network(tmp_path, image, hint):
    torch.manual_seed(0)
    original = build_click_network(SHARED_SWIN).eval()
    path = save(swin_checkpoint(original), tmp_path / "swin.pth")
    loaded = load(path)
    assert loaded.config == SHARED_SWIN
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(image, hint), original(image, hint))


def test_unused_and_recomputed_tensors_of_isegformer_are_listed(tmp_path):
    path = save(swin_checkpoint(build_click_network(SHARED_SWIN)), tmp_path / "swin.pth")
    assert inspect(path).dropped == (
        "maps_transform.0.weight",
        "backbone.patch_embed_coords.proj.bias",
        "backbone.layers.0.blocks.0.attn.relative_position_index",
    )


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        (None, "use_deep_fusion", False, "use_deep_fusion is False, expected True"),
        (None, "with_aux_output", True, "with_aux_output is True"),
        (None, "new_option", 1, "'new_option' \\(unknown\\)"),
        ("backbone_params", "ape", True, "ape is True, expected False"),
        ("backbone_params", "qk_scale", 0.5, "'qk_scale' \\(unknown\\)"),
        ("backbone_params", "num_heads", [1, 2, 3, 5], "cannot be used"),
        ("backbone_params", "depths", 3, "cannot be used"),
        ("head_params", "align_corners", True, "align_corners is True"),
        ("head_params", "in_channels", [6, 12, 24, 49], "other in_channels"),
    ],
)
def test_settings_of_isegformer_that_we_do_not_reproduce_are_errors(tmp_path, part, name, value, message):
    content = swin_checkpoint(build_click_network(SHARED_SWIN))
    params = content["config"]["params"]
    if part is None:
        params[name] = {"value": value}
    else:
        params[part]["value"][name] = value
    with pytest.raises(CheckpointError, match=message):
        load(save(content, tmp_path / "swin.pth"))


def test_ritm_file_gives_the_same_network(tmp_path, published_hrnet, image, hint):
    torch.manual_seed(0)
    original = build_click_network(variant("hrnet18s")).eval()
    content = {"config": published_hrnet, "state_dict": published_state(original, HRNET_RENAMES)}
    loaded = load(save(content, tmp_path / "hrnet.pth"))
    assert loaded.config == variant("hrnet18s")
    with torch.no_grad():
        for got, expected in zip(
            loaded.forward_all(image, hint), original.forward_all(image, hint), strict=True
        ):
            assert torch.equal(got, expected)


def test_settings_may_be_tuples_as_in_the_original_defaults(tmp_path, published_hrnet):
    published_hrnet["params"]["norm_mean_std"]["value"] = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    state = published_state(build_click_network(variant("hrnet18s")), HRNET_RENAMES)
    assert (
        load(save({"config": published_hrnet, "state_dict": state}, tmp_path / "hrnet.pth")).config
        is not None
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("width", 48, r"\(48, 48, True\), expected one of \(18, 48, True\)"),
        ("use_leaky_relu", False, "use_leaky_relu is False"),
        ("use_disks", False, "use_disks is False"),
        ("with_prev_mask", False, "with_prev_mask is False"),
        ("norm_radius", None, "cannot be used"),
        ("norm_mean_std", [[0.5] * 3, [0.5] * 3], "norm_mean_std is a list"),
    ],
)
def test_settings_of_ritm_that_we_do_not_reproduce_are_errors(
    tmp_path, published_hrnet, name, value, message
):
    published_hrnet["params"][name]["value"] = value
    with pytest.raises(CheckpointError, match=message):
        load(save({"config": published_hrnet, "state_dict": {}}, tmp_path / "hrnet.pth"))


def test_click_radius_is_the_files(tmp_path, published_hrnet):
    published_hrnet["params"]["norm_radius"]["value"] = 3
    state = published_state(build_click_network(variant("hrnet18s")), HRNET_RENAMES)
    loaded = load(save({"config": published_hrnet, "state_dict": state}, tmp_path / "hrnet.pth"))
    assert loaded.click_radius_px == 3.0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"class": "isegm.model.is_deeplab_model.DeeplabModel", "params": {}}, "lacks use_disks"),
        ({"params": {}}, "names no class"),
        ({"class": "x", "params": [1]}, "no params with a value"),
        ("text", "names no class"),
    ],
)
def test_malformed_configs_are_errors(tmp_path, config, message):
    with pytest.raises(CheckpointError, match=message):
        load(save({"config": config, "state_dict": {}}, tmp_path / "file.pth"))


def test_other_classes_are_named(tmp_path, published_hrnet):
    published_hrnet["class"] = "isegm.model.is_deeplab_model.DeeplabModel"
    with pytest.raises(CheckpointError, match=r"'DeeplabModel', expected SwinformerModel .* or HRNetModel"):
        load(save({"config": published_hrnet, "state_dict": {}}, tmp_path / "file.pth"))


def test_fusion_file_is_recognised_by_its_names(tmp_path):
    torch.manual_seed(0)
    original = FusionNetwork()
    state = published_state(original, FUSION_RENAMES)
    assert set(state) >= {"conv1.0.weight", "conv2.0.bias", "conv3.2.weight", "final_conv.bias"}
    loaded = load(save(state, tmp_path / "fusion_stcn.pth"))
    assert isinstance(loaded, FusionNetwork)
    assert not loaded.training
    assert torch.equal(loaded.head.weight, original.head.weight)


def test_stcn_file_is_recognised_by_its_names(tmp_path):
    state = published_state(Stcn(STCN_PUBLISHED), STCN_RENAMES)
    assert state["key_encoder.res2.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert state["value_encoder.fuser.attention.ChannelGate.mlp.3.bias"].shape == (512,)
    assert state["decoder.up_8_4.out_conv.conv1.weight"].shape == (256, 256, 3, 3)
    path = save(state, tmp_path / "stcn.pth")
    loaded = load(path)
    path.unlink()
    assert isinstance(loaded, Stcn)
    assert not loaded.training
    assert torch.equal(loaded.key_proj.weight, state["key_proj.key_proj.weight"])
    bias = loaded.value_encoder.layer2[0].downsample[0].bias
    assert torch.equal(bias, state["value_encoder.layer2.0.downsample.0.bias"])


def test_missing_unexpected_and_misshaped_parameters_are_all_listed(tmp_path):
    state = published_state(FusionNetwork(), FUSION_RENAMES)
    del state["conv1.0.bias"]
    del state["conv2.0.weight"]
    state["extra.weight"] = torch.zeros(2, 3)
    state["final_conv.bias"] = torch.zeros(2)
    with pytest.raises(CheckpointError) as caught:
        load(save(state, tmp_path / "fusion.pth"))
    message = str(caught.value)
    assert "fusion.pth does not fit its network" in message
    assert "2 missing: stem.bias 32; residual1.0.weight 32x32x3x3" in message
    assert "1 unexpected: extra.weight 2x3" in message
    assert "1 of another shape: head.bias 2, expected 1" in message


def test_a_swin_backbone_alone_points_to_load_backbone(tmp_path):
    state = {"layers.0.blocks.0.attn.qkv.weight": torch.zeros(2)}
    for content in (state, {"model": state}):
        with pytest.raises(CheckpointError, match="call load_backbone"):
            load(save(content, tmp_path / "swin.pth"))


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {"weight": torch.zeros(2)}], ids=str)
def test_other_contents_are_errors(tmp_path, content):
    with pytest.raises(CheckpointError, match=r"no checkpoint of|expected a checkpoint's dictionary"):
        load(save(content, tmp_path / "file.pth"))
