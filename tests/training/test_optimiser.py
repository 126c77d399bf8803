from itertools import islice

import pytest

from isegformer.training.optimiser import learning_rate_factor
from isegformer.training.run_sampler import RunSampler


def test_learning_rate_rises_stays_and_falls():
    factors = [learning_rate_factor(n, steps=100, warmup_steps=10, decay_share=0.2) for n in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9:80] == [1.0] * 71
    assert factors[90] == pytest.approx(0.5)
    assert factors[99] == pytest.approx(0.05)


def test_without_decay_the_learning_rate_stays():
    assert learning_rate_factor(99, steps=100, warmup_steps=0, decay_share=0.0) == 1.0


def test_a_resumed_run_takes_up_the_numbers_where_it_stopped():
    whole = list(islice(RunSampler(start=0, batch_size=4), 20))
    assert whole == list(range(20))
    assert list(islice(RunSampler(start=8, batch_size=4), 12)) == whole[8:]


def test_two_processes_share_the_numbers_batch_by_batch():
    first, second = (
        list(islice(RunSampler(start=0, batch_size=2, process=rank, processes=2), 4)) for rank in (0, 1)
    )
    assert (first, second) == ([0, 1, 4, 5], [2, 3, 6, 7])
