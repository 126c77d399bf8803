"""Tests for isegformer.models.fusion."""

import torch
import torch.nn.functional as F

from isegformer.models.fusion import FusionNetwork


def inputs(n_objects=2):
    torch.manual_seed(0)
    return {
        "previous": torch.rand(n_objects, 1, 7, 9),
        "current": torch.rand(n_objects, 1, 7, 9),
        "attention": torch.rand(n_objects, 2, 7, 9),
        "distances": torch.tensor([[0.25, 0.75]]),
    }


def test_network_follows_its_equations():
    network, frame, given = FusionNetwork(6), torch.rand(1, 3, 7, 9), inputs(1)
    image = (frame - network.pixel_mean) / network.pixel_std
    near, far = torch.full((1, 1, 7, 9), 0.25), torch.full((1, 1, 7, 9), 0.75)
    x = torch.cat([image, given["previous"], given["current"], given["attention"], near, far], dim=1)
    x = F.relu(network.stem(x))
    for block in (network.residual1, network.residual2):
        x = F.relu(x + block[2](F.relu(block[0](x))))
    torch.testing.assert_close(network(frame, **given), network.head(x))


def test_objects_do_not_influence_each_other():
    network, frame, given = FusionNetwork(6), torch.rand(1, 3, 7, 9), inputs()
    together = network(frame, **given)
    alone = network(frame, **{name: value[-1:] for name, value in given.items()})
    assert together.shape == (2, 1, 7, 9)
    torch.testing.assert_close(together[1:], alone)


def test_every_parameter_gets_a_gradient():
    network = FusionNetwork()
    network(torch.rand(1, 3, 7, 9), **inputs()).square().sum().backward()
    assert [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()] == []
