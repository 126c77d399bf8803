"""Networks answer as their textbook forms in benchmarks/, which join channels before they convolve them."""

import copy
import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from isegformer.models import Stcn, build_click_network
from isegformer.models.stcn_blocks import JoiningResidualBlock
from isegformer.models.stcn_config import STCN_PUBLISHED, STCN_SMALL, EncoderConfig

TEXTBOOK = Path(__file__).parents[2] / "benchmarks" / "textbook.py"
NARROW = EncoderConfig(
    block="basic",
    norm="group",
    stem_kernel=3,
    stem_channels=8,
    widths=(8, 16, 24),
    depths=(1, 1, 1),
    has_conv_bias=False,
)
STCNS = {
    "small": STCN_SMALL,
    "as published, narrower": replace(STCN_PUBLISHED, key_encoder=NARROW, value_encoder=NARROW),
    "channels that stay": replace(
        STCN_SMALL, value_channels=64, context_channels=64, decoder_channels=(128, 16)
    ),
}


@pytest.fixture(scope="module")
def textbook():
    spec = importlib.util.spec_from_file_location("textbook", TEXTBOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def near(got, expected):
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@torch.inference_mode()
def test_click_networks(textbook, tiny_config):
    torch.manual_seed(0)
    network = build_click_network(tiny_config).eval()
    plain = textbook.as_in_textbook(copy.deepcopy(network))
    image, hint = torch.rand(2, 3, 72, 53), torch.rand(2, 3, 72, 53)
    near(network(image, hint), plain(image, hint))


@pytest.mark.parametrize("n_slices", [1, 3])
@pytest.mark.parametrize("config", STCNS.values(), ids=STCNS)
@torch.inference_mode()
def test_propagation_networks_with_three_objects_on_one_slice_and_on_three(textbook, config, n_slices):
    torch.manual_seed(0)
    network = Stcn(config).eval()
    plain = textbook.as_in_textbook(copy.deepcopy(network))
    frame, mask = torch.rand(n_slices, 3, 32, 48), torch.rand(3, 1, 32, 48)
    keys = network.encode_key(frame)
    value = plain.encode_value(frame, keys, mask=mask, others=1 - mask)
    near(network.encode_value(frame, keys, mask=mask, others=1 - mask), value)
    near(network.decode(value, keys), plain.decode(value, keys))


def test_a_textbook_form_is_what_it_says(textbook):
    block = textbook.as_in_textbook(JoiningResidualBlock(2, 3, out_channels=4))
    seen = []
    block.conv1.register_forward_hook(lambda module, inputs, output: seen.append(tuple(inputs[0].shape)))
    block(torch.rand(2, 2, 5, 6), torch.rand(1, 3, 5, 6))
    assert seen == [(2, 5, 5, 6)]
