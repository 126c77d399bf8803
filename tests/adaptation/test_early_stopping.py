import pytest

from isegformer.adaptation.early_stopping import Leg, best_leg, is_over


def legs(*losses):
    return [Leg(step=50 * number, loss=loss) for number, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "best"),
    [((3, 2, 1), 100), ((3, 3, 3), 0), ((3, 2, 2, 4), 50), ((1, 2, 3), 0), ((5,), 0)],
)
def test_the_best_leg_is_the_earliest_of_smallest_loss(losses, best):
    assert best_leg(legs(*losses)).step == best


@pytest.mark.parametrize(
    ("losses", "over"),
    [
        ((3,), False),
        ((3, 4, 4), False),
        ((3, 4, 4, 4), True),
        ((3, 4, 4, 2), False),
        ((3, 2, 4, 4, 4), True),
        ((3, 2, 2, 2, 2), True),
        ((5, 4, 3, 2, 1), False),
    ],
)
def test_it_is_over_after_three_legs_that_were_no_better(losses, over):
    assert is_over(legs(*losses)) == over
