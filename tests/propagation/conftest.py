"""Networks and volumes for tests of propagation."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.models.stcn_config import EncoderConfig, StcnConfig
from isegformer.propagation import PropagatorConfig


class BrightnessNetwork(nn.Module):
    """Stands in for an Stcn: an object goes on wherever it was in memory and the slice is bright.

    Keys hold the place of each cell, so that a query reads its own place on the remembered slices; values
    hold the share of the cell that the object fills. With `is_blind` the brightness does not count, and the
    network is not sure: its probabilities are 0.88.
    """

    device = torch.device("cpu")

    def __init__(self, *, is_blind=False):
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.is_blind = is_blind
        self.encoded_values = []
        self.encoded_keys = 0
        self.eval()

    def encode_key(self, frame):
        self.encoded_keys += len(frame)
        rows, cols = frame.shape[-2] // 16, frame.shape[-1] // 16
        place = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")).float()
        bright = frame.mean(dim=1, keepdim=True)
        return StcnKeys(
            key=(20 * place[None]).expand(len(frame), -1, -1, -1),
            context=bright,
            sixteenth=bright,
            skips=(bright,),
        )

    def encode_value(self, frame, keys, *, mask, others):
        assert (mask + others <= 1 + 1e-5).all()
        self.encoded_values.append(len(mask))
        return F.avg_pool2d(mask, 16)

    def decode(self, readout, keys):
        grown = F.interpolate(readout, scale_factor=16, mode="nearest")
        is_object = grown > 0.05
        if not self.is_blind:
            is_object &= keys.context > 0.5
        certainty = 1.0 if self.is_blind else 6.0
        return certainty * (2.0 * is_object.float() - 1.0)


@pytest.fixture
def brightness_network():
    return BrightnessNetwork()


@pytest.fixture
def blind_network():
    return BrightnessNetwork(is_blind=True)


@pytest.fixture(scope="session")
def tiny_stcn():
    """Return a random Stcn of a few thousand parameters."""
    torch.manual_seed(3)
    encoder = EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 8, 16),
        depths=(1, 1, 1),
        has_conv_bias=False,
    )
    config = StcnConfig(
        key_encoder=encoder,
        value_encoder=encoder,
        key_channels=8,
        context_channels=8,
        value_channels=8,
        attention_reduction=2,
        decoder_channels=(8, 8, 8),
    )
    network = Stcn(config).eval()
    with torch.no_grad():
        network.decoder.pred.weight.mul_(20)  # random masks that are neither all nor nothing
        network.key_proj.weight.mul_(5)
    return network


@pytest.fixture
def plain_config():
    """Return a config that neither enlarges slices nor stops objects."""
    return PropagatorConfig(min_side_px=None, stop=None)


@pytest.fixture(scope="session")
def noisy_stack():
    """Return random slices (T, H, W) = (11, 35, 51)."""
    return np.random.default_rng(5).random((11, 35, 51), dtype=np.float32)


@pytest.fixture(scope="session")
def two_boxes():
    """Return labels (35, 51) with two objects, 3 and 700."""
    labels = np.zeros((35, 51), np.uint16)
    labels[4:18, 6:25] = 3
    labels[15:30, 28:45] = 700
    return labels
