from types import SimpleNamespace

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import nn
from torch.optim.swa_utils import AveragedModel

from isegformer.training.fitting import AveragedWeights, warmed_average


class _Module(L.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


def test_average_is_a_moving_one_whose_decay_rises_to_the_given_one():
    averaged, step = [torch.tensor([1.0]), torch.tensor([3.0, 5.0])], warmed_average(0.5)
    step(averaged, [torch.tensor([11.0]), torch.tensor([3.0, 15.0])], 2)  # a quarter of what was
    assert [part.tolist() for part in averaged] == [[8.5], [3.0, 12.5]]
    step(averaged, [torch.tensor([0.0]), torch.tensor([0.0, 0.0])], torch.tensor(1000))
    assert [part.tolist() for part in averaged] == [[4.25], [1.5, 6.25]]


@pytest.mark.filterwarnings("error")
def test_average_takes_weights_and_whole_numbers_of_a_network_alike():
    network = _Module().network
    averaged = AveragedModel(network, multi_avg_fn=warmed_average(0.998), use_buffers=True)
    averaged.update_parameters(network)
    with torch.no_grad():
        for value in network.state_dict().values():
            value.add_(20)
    before = {name: value.clone() for name, value in averaged.module.state_dict().items()}
    averaged.update_parameters(network)
    for name, value in averaged.module.state_dict().items():
        share, now = 2 / 11, network.state_dict()[name]
        expected = share * before[name] + (1 - share) * now if now.is_floating_point() else now
        assert torch.equal(value, expected), name


def test_older_checkpoints_find_their_average():
    averaging = AveragedWeights(multi_avg_fn=warmed_average(0.9), use_buffers=True)
    assert averaging.state_key == "WeightAveraging" == WeightAveraging().state_key


def test_average_lies_on_the_device_of_the_run():
    on_gpu = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device("meta")))  # stands for a GPU
    averaging = AveragedWeights(multi_avg_fn=warmed_average(0.9), use_buffers=True)
    averaging.setup(on_gpu, _Module(), "fit")
    assert {parameter.device.type for parameter in averaging._average_model.parameters()} == {"meta"}
