"""Tests for isegformer.models.stcn_published."""

import importlib.util
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from isegformer.errors import CheckpointError
from isegformer.models.fusion import FusionNetwork
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_PUBLISHED
from isegformer.models.stcn_published import (
    FUSION_RENAMES,
    STCN_RENAMES,
    fusion_from_published,
    stcn_from_published,
)


def published_names(state, renames):
    """Return a state dict under the published names, by the renames backwards."""
    result = {}
    for name, value in state.items():
        published, ours = next((pair for pair in renames if name.startswith(pair[1])), ("", ""))
        result[published + name.removeprefix(ours)] = value
    return result


@pytest.fixture(scope="module")
def stcn_state():
    torch.manual_seed(0)
    return published_names(Stcn(STCN_PUBLISHED).state_dict(), STCN_RENAMES)


def test_published_names_load_into_the_stcn(stcn_state):
    assert stcn_state["key_encoder.res2.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert stcn_state["value_encoder.fuser.attention.ChannelGate.mlp.3.bias"].shape == (512,)
    assert stcn_state["decoder.up_8_4.out_conv.conv1.weight"].shape == (256, 256, 3, 3)
    network = stcn_from_published(stcn_state)
    assert not network.training
    assert torch.equal(network.key_proj.weight, stcn_state["key_proj.key_proj.weight"])
    bias = network.value_encoder.layer2[0].downsample[0].bias
    assert torch.equal(bias, stcn_state["value_encoder.layer2.0.downsample.0.bias"])


def test_published_names_load_into_the_fusion_network():
    state = published_names(FusionNetwork().state_dict(), FUSION_RENAMES)
    assert set(state) >= {"conv1.0.weight", "conv2.0.bias", "conv3.2.weight", "final_conv.bias"}
    network = fusion_from_published(state)
    assert not network.training
    assert torch.equal(network.residual2[2].weight, state["conv3.2.weight"])


def test_differences_are_listed_by_name_and_shape(stcn_state):
    state = dict(stcn_state)
    del state["decoder.pred.bias"]
    state["decoder.extra"] = torch.zeros(2)
    state["key_comp.weight"] = torch.zeros(512, 1024, 1, 1)
    with pytest.raises(CheckpointError) as caught:
        stcn_from_published(state)
    message = str(caught.value)
    assert "missing decoder.pred.bias (1,)" in message
    assert "unexpected decoder.extra (2,)" in message
    assert "key_comp.weight has shape (512, 1024, 1, 1), expected (512, 1024, 3, 3)" in message
    assert "3 differences" in message


@pytest.mark.parity
def test_key_of_the_published_form_equals_the_reference(parity_dir):
    spec = importlib.util.spec_from_file_location("parity_weights", parity_dir / "weights.py")
    weights = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(weights)
    manifest = json.loads((parity_dir / "stcn_propagation.json").read_text())
    network = stcn_from_published(weights.checkpoint(manifest))
    with np.load(parity_dir / "stcn_propagation.npz") as golden:
        frame, expected = torch.from_numpy(golden["frames"][0]), torch.from_numpy(golden["key_0"])
    centred = (frame.permute(2, 0, 1)[None] - network.pixel_mean) / network.pixel_std
    padded = F.pad(centred, (4, 4, 4, 4)) * network.pixel_std + network.pixel_mean
    with torch.inference_mode():
        torch.testing.assert_close(network.encode_key(padded).key, expected, rtol=1e-4, atol=1e-5)
