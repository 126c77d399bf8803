import numpy as np
import pytest
from session_fakes import FakePrediction

from isegformer.errors import JournalError, SessionError
from isegformer.session.stored_prediction import (
    prediction_from_bytes,
    prediction_from_mask,
    prediction_to_bytes,
    round_prediction,
)
from isegformer.slicing import Roi


@pytest.mark.parametrize("roi", [None, Roi(1, 3, 0, 5)])
def test_what_is_written_is_bit_by_bit_what_was_rounded(roi):
    probability = np.random.default_rng(1).random((3, 5)).astype(np.float32)
    mask = probability > 0.49
    rounded = round_prediction(FakePrediction(probability, mask, roi), shape=(3, 5))
    result = prediction_from_bytes(prediction_to_bytes(rounded))
    assert result.probability.dtype == np.float32
    assert result.probability.tobytes() == rounded.probability.tobytes()
    assert result.mask.dtype == bool
    np.testing.assert_array_equal(result.mask, mask)
    assert result.roi == roi
    np.testing.assert_allclose(rounded.probability, probability, atol=2**-11)
    assert (rounded.probability != probability).any()


def test_the_mask_is_the_segmenters_also_where_rounding_crosses_its_threshold():
    probability = np.array([[np.nextafter(np.float32(0.49), np.float32(1))]], np.float32)
    rounded = round_prediction(FakePrediction(probability, probability > 0.49, None), shape=(1, 1))
    assert rounded.mask.tolist() == [[True]]


def test_a_mask_stands_for_a_certain_prediction():
    result = prediction_from_mask(np.array([[True, False]]))
    assert result.probability.tolist() == [[1.0, 0.0]]
    assert result.roi is None


@pytest.mark.parametrize(
    "prediction",
    [
        FakePrediction(np.zeros((2, 3), np.float32), np.zeros((3, 2), bool), None),
        FakePrediction(np.zeros((3, 2), np.float32), np.zeros((2, 3), bool), None),
        FakePrediction(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.uint8), None),
    ],
)
def test_a_prediction_of_another_form_is_refused(prediction):
    with pytest.raises(SessionError, match=r"segmenter gave .* expected both of shape \(2, 3\)"):
        round_prediction(prediction, shape=(2, 3))


@pytest.mark.parametrize("cut", [0, 10, 30])
def test_bytes_that_are_cut_off_are_refused(cut):
    data = prediction_to_bytes(prediction_from_mask(np.eye(9, dtype=bool)))
    with pytest.raises(JournalError, match="cannot be read"):
        prediction_from_bytes(data[:cut])
