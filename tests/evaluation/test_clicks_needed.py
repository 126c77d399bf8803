import numpy as np
import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.evaluation import clicks_needed, run_clicks
from isegformer.evaluation.clicks_needed import iou_after
from isegformer.interaction import PredictorConfig, SlicePredictor


class DiskNetwork:
    """Answers with the clicked disks: every click adds or removes a disk."""

    click_radius_px = 3.0
    device = torch.device("cpu")

    def embed(self, image):
        return image

    def logits(self, image, hint):
        return torch.logit((hint[:, :1] + hint[:, 1:2] - hint[:, 2:3]).clamp(0.01, 0.99))


@pytest.fixture
def predictor():
    return SlicePredictor(DiskNetwork(), PredictorConfig(zoom=None))


def test_clicks_go_on_until_the_mask_is_good_enough(predictor):
    target = np.zeros((20, 31), bool)
    target[5:9, 5:9] = target[12:16, 20:24] = True
    run = run_clicks(predictor, np.zeros(target.shape, np.float32), target, stop_iou=0.5)
    assert [click.is_positive for click in run.clicks[:2]] == [True, True]
    assert run.ious[-1] >= 0.5
    assert all(value < 0.5 for value in run.ious[:-1])
    assert len(run.clicks) == len(run.ious)


def test_the_budget_ends_the_run(predictor):
    target = np.ones((40, 50), bool)
    run = run_clicks(predictor, np.zeros(target.shape, np.float32), target, max_clicks=4)
    assert len(run.clicks) == 4
    assert len(set(run.clicks)) == 4


def test_an_empty_target_needs_no_click(predictor):
    run = run_clicks(predictor, np.zeros((9, 8), np.float32), np.zeros((9, 8), bool))
    assert run.clicks == run.ious == ()
    assert run.prediction is None


def test_number_of_clicks_is_the_first_that_reaches_the_threshold():
    assert clicks_needed([0.2, 0.85, 0.7, 0.9], 0.85) == 2
    assert clicks_needed([0.2, 0.85, 0.7, 0.9], 0.86) == 4
    assert clicks_needed([0.2], 0.9) == 20
    assert clicks_needed([], 0.9, max_clicks=7) == 7


@pytest.mark.parametrize("threshold", [0, 1.2])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ConfigError, match="threshold"):
        clicks_needed([0.5], threshold)


def test_iou_of_an_object_that_could_not_be_clicked_is_0():
    assert iou_after([], 5) == 0
    assert [iou_after([0.5, 0.75], n_clicks) for n_clicks in (1, 2, 20)] == [0.5, 0.75, 0.75]
