import numpy as np
import pytest

from isegformer.clicks import Click, HumanClickConfig, next_click
from isegformer.evaluation import USERS, CentreClicker, HumanClicker, run_clicks
from isegformer.interaction import Prediction

SHAPE = (40, 50)


class Blank:
    """Answers with an empty mask, whatever was clicked."""

    def set_slice(self, image):
        self.shape = image.shape[:2]

    def predict(self, clicks, previous=None):
        return Prediction(probability=np.zeros(self.shape, np.float32))


@pytest.fixture
def target():
    mask = np.zeros(SHAPE, bool)
    mask[5:30, 10:40] = True
    return mask


def run(target, **settings):
    return run_clicks(Blank(), np.zeros(SHAPE, np.float32), target, max_clicks=8, **settings)


def test_every_user_stays_within_the_object_budget_and_slice(target):
    for user in USERS.values():
        made = run(target, user=user).clicks
        assert len({(click.row, click.col) for click in made}) == 8
        assert all(0 <= click.row < 40 and 0 <= click.col < 50 for click in made)


def test_the_centre_is_clicked_by_default(target):
    assert run(target).clicks == run(target, user=USERS["centre"]).clicks
    first = run(target).clicks[0]
    assert first == next_click(np.zeros_like(target), target)


def test_chance_comes_from_the_generator_alone(target):
    first, second, third = (
        run(target, user=USERS["human"], rng=np.random.default_rng(seed)).clicks for seed in (3, 3, 4)
    )
    assert first == second != third
    assert run(target, user=USERS["human"]).clicks == run(target, user=USERS["human"]).clicks


def test_the_human_user_does_not_click_the_centre(target):
    assert run(target, user=USERS["human"]).clicks[0] != run(target).clicks[0]


def test_a_human_user_can_be_told_how_to_click(target):
    user = HumanClicker(config=HumanClickConfig(centrality=200, border_share=0, other_error_share=0, hand=0))
    click = user.next(np.zeros_like(target), target, clicked=[], ignored=None, rng=np.random.default_rng(0))
    assert click.row == 17


def test_users_pass_on_what_is_ignored_and_clicked(target):
    ignored = target.copy()
    ignored[17, 24:26] = False
    made = [Click(row=17, col=24, is_positive=True)]
    for user in (CentreClicker(), HumanClicker()):
        click = user.next(
            np.zeros_like(target), target, clicked=made, ignored=ignored, rng=np.random.default_rng(0)
        )
        assert click == Click(row=17, col=25, is_positive=True)


def test_the_names_cannot_be_changed():
    with pytest.raises(TypeError):
        USERS["centre"] = HumanClicker()
