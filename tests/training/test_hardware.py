import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.training.hardware import Hardware


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_one_processor_needs_no_strategy(no_gpu):
    options = Hardware().trainer_options()
    assert options == {
        "accelerator": "cpu",
        "devices": 1,
        "num_nodes": 1,
        "strategy": "auto",
        "sync_batchnorm": False,
    }


def test_auto_takes_the_gpu_that_is_there(two_gpus):
    assert Hardware().trainer_options()["accelerator"] == "cuda"


def test_a_numbered_gpu_is_the_only_one_used(two_gpus):
    options = Hardware(device="cuda:1").trainer_options()
    assert (options["accelerator"], options["devices"]) == ("cuda", [1])


def test_several_gpus_share_batches_and_their_statistics(two_gpus):
    options = Hardware(device="cuda", devices=2, num_nodes=3).trainer_options()
    assert (options["devices"], options["num_nodes"], options["strategy"]) == (2, 3, "ddp")
    assert options["sync_batchnorm"]


def test_several_cpu_processes_keep_their_own_statistics(no_gpu):
    options = Hardware(device="cpu", devices=2).trainer_options()
    assert (options["strategy"], options["sync_batchnorm"]) == ("ddp", False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"device": "cuda:x"}, "device is 'cuda:x'"),
        ({"devices": 0}, "devices is 0"),
        ({"num_nodes": 0}, "num_nodes 0"),
        ({"device": "cuda:1", "devices": 2}, "2 processes want one each"),
        ({"device": "mps", "num_nodes": 2}, "2 processes want one each"),
    ],
)
def test_hardware_that_makes_no_sense_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        Hardware(**values)


@pytest.mark.parametrize("values", [{"device": "cuda", "devices": 3}, {"device": "cuda:2"}])
def test_more_gpus_than_there_are_is_an_error(two_gpus, values):
    with pytest.raises(ConfigError, match="this machine has 2 cuda devices, expected at least 3"):
        Hardware(**values).trainer_options()


def test_a_missing_kind_is_an_error(no_gpu):
    with pytest.raises(ConfigError, match="has 0 mps devices"):
        Hardware(device="mps").trainer_options()
