"""Tests for isegformer.models.stcn and its blocks, on tiny random networks."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from isegformer.errors import ShapeMismatchError
from isegformer.models.stcn import Stcn, read_memory, similarity
from isegformer.models.stcn_blocks import ChannelSpatialAttention, PlainResidualBlock
from isegformer.models.stcn_config import STCN_SMALL, EncoderConfig, StcnConfig

TINY_ENCODER = EncoderConfig(
    block="basic",
    norm="group",
    stem_kernel=3,
    stem_channels=8,
    widths=(8, 16, 24),
    depths=(1, 1, 2),
    has_conv_bias=False,
)
TINY = StcnConfig(
    key_encoder=TINY_ENCODER,
    value_encoder=TINY_ENCODER,
    key_channels=6,
    context_channels=10,
    value_channels=12,
    attention_reduction=4,
    decoder_channels=(16, 12, 10, 8),
)
BOTTLENECK = replace(TINY_ENCODER, block="bottleneck", norm="batch", has_conv_bias=True)


def tiny(config=TINY):
    torch.manual_seed(0)
    return Stcn(config).eval()


def test_shapes_follow_the_config_for_several_objects_on_one_slice():
    network, frame, mask = tiny(), torch.rand(1, 3, 32, 48), torch.rand(3, 1, 32, 48)
    keys = network.encode_key(frame)
    value = network.encode_value(frame, keys, mask=mask, others=1 - mask)
    assert keys.key.shape == (1, 6, 2, 3)
    assert keys.context.shape == (1, 10, 2, 3)
    assert [tuple(skip.shape[1:]) for skip in keys.skips] == [(16, 4, 6), (8, 8, 12), (8, 16, 24)]
    assert value.shape == (3, 12, 2, 3)
    assert network.decode(value, keys).shape == (3, 1, 32, 48)


@pytest.mark.parametrize("channels", [(16, 12), (16, 12, 10), (16, 12, 10, 8)])
def test_logits_have_the_size_of_the_slice_with_one_to_three_skips(channels):
    network, frame = tiny(replace(TINY, decoder_channels=channels)), torch.rand(1, 3, 32, 16)
    keys = network.encode_key(frame)
    assert network.decode(torch.rand(2, 12, 2, 1), keys).shape == (2, 1, 32, 16)
    assert len(keys.skips) == len(channels) - 1


def test_objects_on_one_slice_give_the_same_as_each_alone():
    network, frame, mask = tiny(), torch.rand(1, 3, 32, 32), torch.rand(2, 1, 32, 32)
    keys = network.encode_key(frame)
    together = network.encode_value(frame, keys, mask=mask, others=mask.flip(0))
    alone = network.encode_value(frame, keys, mask=mask[1:], others=mask[:1])
    torch.testing.assert_close(together[1:], alone)
    torch.testing.assert_close(network.decode(together, keys)[1:], network.decode(alone, keys))


@pytest.mark.parametrize("key_encoder", [TINY_ENCODER, BOTTLENECK])
def test_every_parameter_gets_a_gradient(key_encoder):
    network = tiny(replace(TINY, key_encoder=key_encoder)).train()
    frame, mask = torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32)
    keys = network.encode_key(frame)
    value = network.encode_value(frame, keys, mask=mask, others=1 - mask)
    query = network.encode_key(frame.flip(3))
    read = read_memory(keys.key[:, :, None], value[:, :, None], query_key=query.key)
    network.decode(read, query).square().sum().backward()
    without = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()]
    # Adding the same to all keys changes no distance, so the key projection's bias has no effect.
    assert without in ([], ["key_proj.bias"])


def test_small_variant_is_the_same_class_and_runs():
    network, frame = tiny(STCN_SMALL), torch.rand(1, 3, 32, 32)
    keys = network.encode_key(frame)
    value = network.encode_value(frame, keys, mask=torch.ones(1, 1, 32, 32), others=torch.zeros(1, 1, 32, 32))
    assert network.decode(value, keys).shape == (1, 1, 32, 32)
    assert keys.n_bytes == 4 * (4 * (64 + 128 + 192) + 16 * 96 + 64 * 48 + 256 * 32)


def test_normalisation_turns_the_mean_colour_into_zeros():
    network = tiny()
    mean = network.pixel_mean.expand(1, 3, 16, 16)
    features = network.key_encoder(torch.zeros(1, 3, 16, 16))[-1]
    assert torch.equal(network.encode_key(mean).sixteenth, features)


@pytest.mark.parametrize("shape", [(1, 3, 30, 32), (1, 1, 32, 32), (1, 3, 32, 40)])
def test_frames_of_another_shape_are_refused(shape):
    with pytest.raises(ShapeMismatchError, match="multiples of 16"):
        tiny().encode_key(torch.zeros(shape))


def test_masks_that_do_not_fit_the_frame_are_refused():
    network, frame = tiny(), torch.rand(2, 3, 32, 32)
    keys = network.encode_key(frame)
    with pytest.raises(ShapeMismatchError, match="2 slices for 3 objects"):
        network.encode_value(frame, keys, mask=torch.zeros(3, 1, 32, 32), others=torch.zeros(3, 1, 32, 32))
    with pytest.raises(ShapeMismatchError, match="others"):
        network.encode_value(frame, keys, mask=torch.zeros(2, 1, 32, 32), others=torch.zeros(2, 1, 32, 16))
    with pytest.raises(ShapeMismatchError, match="2 slices for 3 objects"):
        network.decode(torch.zeros(3, 12, 2, 2), keys)


def test_similarity_is_the_negative_squared_distance_over_the_root_of_the_channels():
    memory = torch.tensor([[[0.0, 0, 0, 0], [1, 2, 0, 0]]])
    query = torch.tensor([[[1.0, 0, 0, 0]]])
    assert similarity(memory, query).tolist() == [[[-0.5, -2.0]]]


def test_read_memory_returns_the_value_of_the_only_entry_that_is_near():
    key = torch.tensor([0.0, 100.0]).view(1, 1, 2, 1, 1)  # (B, Ck, T, h, w)
    value = torch.tensor([[3.0, 7.0], [4.0, 9.0]]).view(1, 2, 2, 1, 1)
    read = read_memory(key, value, query_key=torch.tensor([99.0]).view(1, 1, 1, 1))
    assert read.flatten().tolist() == [7.0, 9.0]


def test_plain_residual_block_adds_to_its_input():
    block, x = PlainResidualBlock(4, 4), torch.randn(1, 4, 5, 6)
    torch.nn.init.zeros_(block.conv2.weight)
    torch.nn.init.zeros_(block.conv2.bias)
    assert torch.equal(block(x), x)


def test_attention_follows_its_equations():
    torch.manual_seed(1)
    attention, x = ChannelSpatialAttention(8, reduction=4), torch.randn(2, 8, 5, 6)
    first, last = attention.channel.hidden, attention.channel.out
    weights = sum(
        F.linear(F.relu(F.linear(pooled, first.weight, first.bias)), last.weight, last.bias)
        for pooled in (x.flatten(2).mean(2), x.flatten(2).max(2).values)
    )
    scaled = x * torch.sigmoid(weights).view(2, 8, 1, 1)
    maps = torch.stack([scaled.max(1).values, scaled.mean(1)], dim=1)
    torch.testing.assert_close(attention(x), scaled * torch.sigmoid(attention.spatial(maps)))
