import dataclasses

import pytest

from isegformer.adaptation.split import split_cases
from isegformer.errors import DatasetError


def named(case, count):
    return [dataclasses.replace(case, name=f"case {number}") for number in range(count)]


@pytest.mark.parametrize(("count", "kept"), [(2, 1), (4, 1), (5, 1), (6, 2), (8, 2), (20, 5)])
def test_a_quarter_of_the_cases_and_at_least_one_is_kept(ball_case, count, kept):
    split = split_cases(named(ball_case, count), seed=0)
    assert (len(split.train), len(split.validation)) == (count - kept, kept)
    names = [case.name for case in (*split.train, *split.validation)]
    assert sorted(names) == sorted(f"case {number}" for number in range(count))


def test_the_seed_decides_which(ball_case):
    cases = named(ball_case, 8)
    chosen = {
        seed: tuple(case.name for case in split_cases(cases, seed=seed).validation) for seed in range(6)
    }
    assert chosen[0] == tuple(case.name for case in split_cases(cases, seed=0).validation)
    assert len(set(chosen.values())) > 2


def test_a_single_case_is_split_by_slices(ball_case):
    split = split_cases([ball_case], seed=0)
    (train,), (validation,) = split.train, split.validation
    assert dict(validation.known) == {2: (5, 9, 13)}
    assert dict(train.known) == {2: (3, 4, 6, 7, 8, 10, 11, 12, 14, 15)}
    assert train.name != validation.name


def test_a_single_case_of_few_slices_is_not_enough(drawn_case):
    with pytest.raises(DatasetError, match="has 3 labelled slices across axis 2"):
        split_cases([drawn_case], seed=0)


def test_without_cases_there_is_nothing_to_split():
    with pytest.raises(DatasetError, match="no cases were given"):
        split_cases([], seed=0)
