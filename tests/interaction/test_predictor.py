import numpy as np
import pytest
import torch

from isegformer.clicks import Click
from isegformer.errors import ClickError, ConfigError, ShapeMismatchError
from isegformer.interaction import Prediction, PredictorConfig, SlicePredictor, ZoomConfig
from isegformer.interaction.predictor import EMBEDDED_VIEWS, MOST_WIDER_LOOKS

HEIGHT, WIDTH = 30, 44
WITHOUT_ZOOM = PredictorConfig(zoom=None)


class Recorder:
    """Answers with given logits and keeps what it was shown."""

    click_radius_px = 2.0
    device = torch.device("cpu")

    def __init__(self, answer=None):
        self.seen = []
        self.embedded = []
        self.answer = answer or (lambda image, hint: image[:, :1] * 8 - 4)

    def embed(self, image):
        self.embedded.append(tuple(image.shape[-2:]))
        return image

    def logits(self, image, hint):
        self.seen.append((image.clone(), hint.clone()))
        return self.answer(image, hint)


def square(row=10, col=20, side=8):
    image = np.zeros((HEIGHT, WIDTH), np.float32)
    image[row : row + side, col : col + side] = 1
    return image


def click(row, col, is_positive=True):
    return Click(row=row, col=col, is_positive=is_positive)


def test_probability_and_mask_follow_the_logits():
    predictor = SlicePredictor(Recorder(), WITHOUT_ZOOM)
    predictor.set_slice(square())
    prediction = predictor.predict([click(12, 22)])
    assert prediction.probability.dtype == np.float32
    np.testing.assert_allclose(np.unique(prediction.probability), torch.sigmoid(torch.tensor([-4.0, 4.0])))
    assert (prediction.mask == (square() == 1)).all()


def test_threshold_is_049():
    prediction = Prediction(probability=np.array([[0.48, 0.49, 0.495]], np.float32))
    assert prediction.mask.tolist() == [[False, False, True]]


def test_the_network_sees_grey_as_rgb_and_the_hint_in_order():
    network = Recorder()
    predictor = SlicePredictor(network, WITHOUT_ZOOM)
    predictor.set_slice(square())
    before = Prediction(probability=np.full((HEIGHT, WIDTH), 0.25, np.float32))
    predictor.predict([click(3, 4), click(20, 30, False)], before)
    image, hint = network.seen[0]
    assert image.shape == hint.shape == (1, 3, HEIGHT, WIDTH)
    assert (image == torch.from_numpy(square())).all()
    assert (hint[0, 0] == 0.25).all()
    assert hint[0, 1].argmax() == 1 * WIDTH + 4  # top of a disk of radius 2
    assert hint[0, 1].sum() == hint[0, 2].sum() == 13


def test_without_previous_prediction_the_previous_mask_is_zero():
    network = Recorder()
    predictor = SlicePredictor(network, WITHOUT_ZOOM)
    predictor.set_slice(square())
    predictor.predict([click(3, 4)])
    assert not network.seen[0][1][0, 0].any()


def test_a_colour_slice_keeps_its_channels():
    network = Recorder()
    predictor = SlicePredictor(network, WITHOUT_ZOOM)
    colours = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)
    predictor.set_slice(colours)
    predictor.predict([click(3, 4)])
    np.testing.assert_array_equal(network.seen[0][0][0].permute(1, 2, 0), colours)


def test_mirrored_averaging_averages_probabilities_of_both_sides():
    def left_half(image, hint):
        logits = torch.full_like(hint[:, :1], -9.0)
        logits[..., : WIDTH // 2] = 9.0
        return logits

    predictor = SlicePredictor(Recorder(left_half), PredictorConfig(zoom=None, mirror=True))
    predictor.set_slice(square())
    np.testing.assert_allclose(predictor.predict([click(1, 1)]).probability, 0.5, atol=1e-6)


def test_a_symmetric_answer_does_not_change_by_mirroring():
    plain, mirrored = (
        SlicePredictor(
            Recorder(lambda i, h: i[:, :1] + h.sum(1, keepdim=True)), PredictorConfig(zoom=None, mirror=m)
        )
        for m in (False, True)
    )
    for predictor in (plain, mirrored):
        predictor.set_slice(square())
    clicks = [click(5, 7), click(20, 3, False)]
    np.testing.assert_allclose(
        plain.predict(clicks).probability, mirrored.predict(clicks).probability, atol=1e-6
    )


def test_zoomed_prediction_lands_where_it_came_from():
    network = Recorder()
    config = PredictorConfig(zoom=ZoomConfig(side_px=64, least_side_px=4))
    predictor = SlicePredictor(network, config)
    predictor.set_slice(square())
    first = predictor.predict([click(12, 22)])
    second = predictor.predict([click(12, 22), click(15, 25)], first)
    assert second.roi is not None
    assert network.seen[1][0].shape == (1, 3, 64, 64)
    assert (second.mask == (square() == 1)).all()
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[second.roi.row_start : second.roi.row_stop, second.roi.col_start : second.roi.col_stop] = False
    assert not second.probability[outside].any()


def test_clicks_move_with_the_zoom():
    network = Recorder()
    predictor = SlicePredictor(network, PredictorConfig(zoom=ZoomConfig(side_px=60, least_side_px=20)))
    predictor.set_slice(square())
    before = Prediction(probability=square())
    prediction = predictor.predict([click(14, 24), click(13, 23)], before)
    rows, cols = np.nonzero(network.seen[0][1][0, 1].numpy())
    scale = 60 / (prediction.roi.row_stop - prediction.roi.row_start)
    expected = (np.mean([14, 13]) - prediction.roi.row_start) * scale
    assert rows.mean() == pytest.approx(expected, abs=0.6)
    expected = (np.mean([24, 23]) - prediction.roi.col_start) * scale
    assert cols.mean() == pytest.approx(expected, abs=0.6)


def test_inputs_are_left_unchanged():
    predictor = SlicePredictor(Recorder(lambda i, h: h[:, :1]), WITHOUT_ZOOM)
    image, before = square(), Prediction(probability=square() * 0.5)
    predictor.set_slice(image)
    predictor.predict([click(1, 1)], before)
    assert (image == square()).all()
    assert (before.probability == square() * 0.5).all()


def test_voxels_that_are_not_finite_count_as_zero():
    image = square()
    image[0, :3] = np.nan, np.inf, -np.inf
    predictor = SlicePredictor(Recorder(), WITHOUT_ZOOM)
    predictor.set_slice(image)
    assert (predictor.predict([click(12, 22)]).mask == (square() == 1)).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_constant_slice_gives_a_finite_prediction(value):
    predictor = SlicePredictor(Recorder(), WITHOUT_ZOOM)
    predictor.set_slice(np.full((HEIGHT, WIDTH), value, np.float32))
    assert np.isfinite(predictor.predict([click(1, 1)]).probability).all()


def test_a_one_pixel_slice_works():
    predictor = SlicePredictor(Recorder(), PredictorConfig(zoom=ZoomConfig(before_mask="whole_slice")))
    predictor.set_slice(np.ones((1, 1), np.float32))
    assert predictor.predict([click(0, 0)]).mask.tolist() == [[True]]


@pytest.mark.parametrize("shape", [(5,), (5, 6, 1), (5, 6, 4), (0, 6), (2, 3, 4, 5)])
def test_a_slice_of_another_form_is_refused(shape):
    with pytest.raises(ShapeMismatchError, match="expected"):
        SlicePredictor(Recorder()).set_slice(np.zeros(shape, np.float32))


def test_intensities_outside_zero_to_one_are_refused_with_advice():
    with pytest.raises(ConfigError, match="apply a window"):
        SlicePredictor(Recorder()).set_slice(np.full((4, 5), 300.0, np.float32))


def test_predicting_before_a_slice_is_set_is_refused():
    with pytest.raises(ClickError, match="set_slice"):
        SlicePredictor(Recorder()).predict([click(0, 0)])


def test_no_clicks_and_clicks_outside_are_refused():
    predictor = SlicePredictor(Recorder())
    predictor.set_slice(square())
    with pytest.raises(ClickError, match="at least one"):
        predictor.predict([])
    with pytest.raises(ClickError, match=f"rows 0 to {HEIGHT - 1}"):
        predictor.predict([click(HEIGHT, 0)])


def test_a_previous_prediction_of_another_slice_is_refused():
    predictor = SlicePredictor(Recorder())
    predictor.set_slice(square())
    with pytest.raises(ShapeMismatchError, match="previous prediction"):
        predictor.predict([click(0, 0)], Prediction(probability=np.zeros((3, 4), np.float32)))


def test_a_region_is_embedded_once_for_all_clicks_in_it():
    network = Recorder()
    zoom = ZoomConfig(side_px=32, least_side_px=10, before_mask="whole_slice")
    predictor = SlicePredictor(network, PredictorConfig(zoom=zoom))
    predictor.set_slice(square())
    first = predictor.predict([click(12, 22)])
    second = predictor.predict([click(12, 22), click(13, 23)], first)
    predictor.predict([click(12, 22), click(13, 23), click(14, 24)], second)
    assert network.embedded == [(22, 32), (32, 32)]
    assert len(network.seen) == 3


def test_another_slice_is_embedded_anew():
    network = Recorder()
    predictor = SlicePredictor(network, WITHOUT_ZOOM)
    predictor.set_slice(square())
    predictor.predict([click(12, 22)])
    predictor.set_slice(square(row=2))
    assert (predictor.predict([click(12, 22)]).mask == (square(row=2) == 1)).all()
    assert len(network.embedded) == 2


def test_no_more_than_some_regions_stay_embedded():
    network = Recorder()
    predictor = SlicePredictor(network, PredictorConfig(zoom=ZoomConfig(side_px=32, least_side_px=1)))
    predictor.set_slice(np.zeros((HEIGHT, WIDTH), np.float32))
    places = [3, 9, 15, 21, 27]
    for row in [*places, places[-1], places[0]]:
        before = Prediction(probability=square(row=row - 2, side=4), roi=None)
        predictor.predict([click(row, 22), click(row, 21)], before)
    assert len(places) == EMBEDDED_VIEWS + 1
    assert len(network.embedded) == len(places) + 1  # the last again is kept, the first again is not


def test_a_second_look_zooms_in_on_the_mask_of_the_first_and_sees_it():
    network = Recorder()
    zoom = ZoomConfig(side_px=32, least_side_px=10, before_mask="whole_slice")
    predictor = SlicePredictor(network, PredictorConfig(zoom=zoom, first_looks=2))
    predictor.set_slice(square())
    prediction = predictor.predict([click(12, 22)])
    (whole, first_hint), (zoomed, second_hint) = network.seen
    assert (whole.shape[-2:], zoomed.shape[-2:]) == ((22, 32), (32, 32))
    assert not first_hint[0, 0].any()
    assert second_hint[0, 0].max() > 0.9
    assert first_hint[0, 1].any()
    assert second_hint[0, 1].any()
    assert prediction.roi is not None
    assert (prediction.mask == (square() == 1)).all()


def test_where_there_is_a_mask_one_look_is_enough():
    network = Recorder()
    predictor = SlicePredictor(network, PredictorConfig(zoom=None, first_looks=3))
    predictor.set_slice(square())
    first = predictor.predict([click(12, 22)])
    assert len(network.seen) == 3
    predictor.predict([click(12, 22), click(2, 2, False)], first)
    assert len(network.seen) == 4


def test_the_first_look_may_be_larger_than_later_ones():
    network = Recorder()
    zoom = ZoomConfig(side_px=32, first_side_px=88, least_side_px=10, before_mask="whole_slice")
    predictor = SlicePredictor(network, PredictorConfig(zoom=zoom, first_looks=2))
    predictor.set_slice(square())
    predictor.predict([click(12, 22)])
    assert [tuple(image.shape[-2:]) for image, _ in network.seen] == [(60, 88), (32, 32)]


@pytest.mark.parametrize(("clear_px", "looks", "whole"), [(0, 1, False), (1, 3, True)])
def test_an_object_that_goes_on_outside_the_region_is_looked_at_again(clear_px, looks, whole):
    network = Recorder()
    zoom = ZoomConfig(side_px=32, least_side_px=10, clear_px=clear_px)
    predictor = SlicePredictor(network, PredictorConfig(zoom=zoom))
    image = square(side=14)  # rows 10..23, columns 20..33
    predictor.set_slice(image)
    corner = Prediction(probability=square(side=8), roi=None)  # of which a region of 11 pixels is chosen
    prediction = predictor.predict([click(12, 22), click(14, 24)], corner)
    assert len(network.seen) == looks
    assert (prediction.mask == (image == 1)).all() == whole


def test_an_object_without_end_is_not_looked_at_without_end():
    network = Recorder(lambda image, hint: torch.full_like(image[:, :1], 9.0))
    zoom = ZoomConfig(side_px=32, least_side_px=1, margin=1.0, clear_px=1)
    predictor = SlicePredictor(network, PredictorConfig(zoom=zoom))
    predictor.set_slice(square())
    before = Prediction(probability=square(side=8), roi=None)
    predictor.predict([click(12, 22), click(14, 24)], before)
    assert len(network.seen) == 1 + MOST_WIDER_LOOKS
