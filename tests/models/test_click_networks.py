import dataclasses
import subprocess
import sys

import pytest
import torch

from isegformer.models.build import build_click_network
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.config import ClickNetworkConfig


def random_input(batch: int, *, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(batch, 3, *size, generator=generator)
    return image, (torch.rand(batch, 3, *size, generator=generator) > 0.8).float()


def network_of(config: ClickNetworkConfig) -> ClickSegmenter:
    torch.manual_seed(3)
    return build_click_network(config)


ONE_REGION = ("pixel_key", "region_key")
"""Object context with one class attends to one region with a weight of 1, whatever these say."""


def test_every_parameter_gets_a_gradient(tiny_config):
    network = network_of(tiny_config)
    for layer in network.modules():
        if "DropPath" in type(layer).__name__:
            layer.eval()  # a block that is dropped for the whole batch rightly learns nothing
    outputs = network.forward_all(*random_input(2, size=(72, 100)))
    sum(output.square().mean() for output in outputs).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert [name for name in still if not any(part in name for part in ONE_REGION)] == []


def test_image_and_hint_both_reach_the_logits(tiny_config):
    network = network_of(tiny_config).eval()
    image, hint = random_input(1, size=(40, 32))
    with torch.no_grad():
        logits = network(image, hint)
        changed_image, changed_hint = network(1 - image, hint), network(image, 1 - hint)
    assert not torch.allclose(logits, changed_image)
    assert not torch.allclose(logits, changed_hint)


@pytest.mark.parametrize("size", [(33, 47), (13, 61), (64, 32)])
def test_logits_have_the_size_of_the_image(tiny_config, size):
    network = network_of(tiny_config).eval()
    with torch.no_grad():
        outputs = network.forward_all(*random_input(2, size=size))
    assert all(output.shape == (2, 1, *size) and output.dtype == torch.float32 for output in outputs)
    assert all(bool(torch.isfinite(output).all()) for output in outputs)


def test_evaluation_treats_each_sample_alone(tiny_config):
    network = network_of(tiny_config).eval()
    image, hint = random_input(3, size=(35, 44))
    with torch.no_grad():
        together = network(image, hint)
        alone = torch.cat([network(image[i : i + 1], hint[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")  # what OpenVINO and ONNX start from
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:transformers")  # a flag that no size changes
def test_a_trace_of_one_size_holds_for_all_sizes_and_batches(tiny_config):
    network = network_of(tiny_config).eval().requires_grad_(False)
    traced = torch.jit.trace(network, random_input(2, size=(61, 75)), check_trace=False)
    for batch, size in ((1, (61, 75)), (3, (33, 47)), (1, (96, 130)), (2, (64, 64)), (1, (7, 9))):
        image, hint = random_input(batch, size=size)
        assert torch.equal(traced(image, hint), network(image, hint))


def test_network_keeps_the_configuration_it_was_built_from(tiny_config):
    network = network_of(tiny_config)
    assert network.config == tiny_config
    assert network.click_radius_px == tiny_config.click_radius_px


def test_segformer_needs_no_torchvision():
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from isegformer.models import build_click_network, variant\n"
        "assert 'transformers' not in sys.modules\n"
        "build_click_network(variant('segformer-b0'))\n"
        "assert 'transformers' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_shared_embedding_is_one_module_with_one_set_of_parameters(tiny_swin):
    separate = network_of(tiny_swin)
    shared = network_of(dataclasses.replace(tiny_swin, click_embedding="shared"))
    assert shared.image_embedding is shared.click_embedding
    assert separate.image_embedding is not separate.click_embedding
    embedding = sum(parameter.numel() for parameter in shared.image_embedding.parameters())
    difference = sum(p.numel() for p in separate.parameters()) - sum(p.numel() for p in shared.parameters())
    assert difference == embedding > 0
