import dataclasses

import numpy as np
import pytest
import torch

from isegformer.errors import IsegformerError, TrainingMemoryError
from isegformer.training.config import ViewConfig
from isegformer.training.memory import advice, advice_on_memory


def too_large_for_the_cpu():
    torch.empty(2**60, dtype=torch.uint8)


def too_large_for_numpy():
    np.empty(2**60, dtype=np.uint8)


def too_large_for_the_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def too_large_for_an_older_gpu():
    raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB.")


@pytest.mark.parametrize(
    "fail", [too_large_for_the_cpu, too_large_for_numpy, too_large_for_the_gpu, too_large_for_an_older_gpu]
)
def test_a_lack_of_memory_becomes_one_error_that_says_what_to_change(click_config, fail):
    config = dataclasses.replace(
        click_config, batch_size=16, accumulate=3, view=ViewConfig(shape_px=(320, 480))
    )
    with (
        pytest.raises(
            TrainingMemoryError, match="batch_size 16, accumulate 3 and samples of 320 x 480 px"
        ) as e,
        advice_on_memory(config),
    ):
        fail()
    assert isinstance(e.value, IsegformerError)
    assert isinstance(e.value.__cause__, MemoryError | RuntimeError)
    assert "set batch_size to 8 and accumulate to 6" in str(e.value)


def test_other_errors_pass(click_config):
    with pytest.raises(RuntimeError, match="shapes differ"), advice_on_memory(click_config):
        raise RuntimeError("shapes differ")


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [(2, "batch_size to 1 and accumulate to 2"), (9, "batch_size to 1 and accumulate to 9")],
)
def test_the_advised_batches_make_up_the_same_step(click_config, batch_size, expected):
    assert expected in advice(dataclasses.replace(click_config, batch_size=batch_size))


def test_one_sample_that_does_not_fit_must_become_smaller(click_config):
    assert "make the samples smaller" in advice(dataclasses.replace(click_config, batch_size=1))
