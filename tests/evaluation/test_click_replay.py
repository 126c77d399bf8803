import numpy as np

from isegformer.clicks import Click
from isegformer.evaluation.click_replay import replay
from isegformer.interaction import Prediction


class Remembering:
    """A predictor that finds the pixels of all clicks, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Prediction | None]] = []

    def set_slice(self, image):
        self.shape = image.shape[:2]

    def predict(self, clicks, previous=None):
        self.asked.append((len(clicks), previous))
        probability = np.zeros(self.shape, np.float32)
        for click in clicks:
            probability[click.row, click.col] = 1
        return Prediction(probability=probability)


def test_clicks_are_given_one_by_one_with_the_prediction_before():
    predictor = Remembering()
    clicks = [Click(row=0, col=1, is_positive=True), Click(row=1, col=2, is_positive=True)]
    mask = replay(predictor, np.zeros((2, 3), np.float32), clicks)
    assert mask.tolist() == [[False, True, False], [False, False, True]]
    assert [n_clicks for n_clicks, _ in predictor.asked] == [1, 2]
    assert predictor.asked[0][1] is None
    assert predictor.asked[1][1].probability.sum() == 1


def test_without_clicks_the_mask_is_empty():
    assert not replay(Remembering(), np.zeros((2, 3, 3), np.float32), []).any()
