import os

import pytest
from counting_worker import Counter

from isegformer.errors import ConfigError
from isegformer.evaluation.executors import EXECUTORS, ExecutorRequest, make_executor

KINDS = ["serial", "processes"]
JOBS = [3, 1, 4, 15, 9]


def executor_of(kind):
    return make_executor(ExecutorRequest(workers={"serial": 1, "processes": 2}[kind]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_job_has_one_outcome_and_workers_are_kept(kind):
    outcomes = list(executor_of(kind).run(JOBS, Counter))
    assert sorted(outcome.job for outcome in outcomes) == sorted(JOBS)
    assert all(outcome.error is None and outcome.result.squared == outcome.job**2 for outcome in outcomes)
    by_process = {}
    for outcome in outcomes:
        by_process.setdefault(outcome.result.process, []).append(outcome.result.number)
    assert len(by_process) == {"serial": 1, "processes": 2}[kind]
    for numbers in by_process.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))  # one worker did them all
    assert (os.getpid() in by_process) == (kind == "serial")


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_raises_is_one_outcome_with_the_reason(kind):
    outcomes = {outcome.job: outcome for outcome in executor_of(kind).run([2, -1, 5], Counter)}
    assert outcomes[-1].error == "ValueError: -1 is negative"
    assert (outcomes[2].result.squared, outcomes[5].result.squared) == (4, 25)


def test_a_job_that_takes_its_process_with_it_is_one_outcome_and_the_others_go_on():
    outcomes = {outcome.job: outcome for outcome in executor_of("processes").run([2, 0, 5, 7], Counter)}
    assert "ended with exit code 3; it may have run out of memory" in outcomes[0].error
    assert [outcomes[job].result.squared for job in (2, 5, 7)] == [4, 25, 49]


def test_processes_end_when_nobody_wants_more_outcomes():
    outcomes = executor_of("processes").run(JOBS, Counter)
    process = next(outcomes).result.process
    outcomes.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_no_jobs_have_no_outcomes(kind):
    assert list(executor_of(kind).run([], Counter)) == []


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (ExecutorRequest(), "serial"),
        (ExecutorRequest(workers=1), "serial"),
        (ExecutorRequest(workers=2), "processes"),
        (ExecutorRequest(address="local"), "ray"),
        (ExecutorRequest(workers=2, address="local"), "ray"),
    ],
)
def test_workers_and_address_choose_the_executor(request_, name):
    assert request_.name == name
    assert name in EXECUTORS


def test_no_worker_is_refused():
    with pytest.raises(ConfigError, match="workers is 0"):
        ExecutorRequest(workers=0)
