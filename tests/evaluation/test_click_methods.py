import pytest

from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.evaluation.click_methods import PeerMethod, TimedPredictor, WeightsMethod
from isegformer.evaluation.click_protocol import PROTOCOLS, THRESHOLDS, threshold_name
from isegformer.interaction import PredictorConfig, ZoomConfig, load_predictor
from isegformer.models import weights_sha256

TRAVELLING = PredictorConfig(zoom=ZoomConfig(side_px=256, before_mask="whole_slice"), first_looks=2)


def test_the_own_protocol_keeps_the_settings_of_the_weights():
    assert PROTOCOLS["own"](TRAVELLING) == TRAVELLING
    method = WeightsMethod(name="c", weights="compact", protocol="own", device="cpu")
    assert method.load().config == load_predictor("compact").config
    assert not method.load().config.mirror


@pytest.mark.parametrize(("name", "side_px"), [("ritm", 400), ("ritm-400", 400), ("ritm-600", 600)])
def test_published_protocols_zoom_in_and_average_with_the_mirrored_slice(name, side_px):
    settings = PROTOCOLS[name](TRAVELLING)
    assert settings == PredictorConfig(zoom=ZoomConfig(side_px=side_px), mirror=True)
    assert WeightsMethod(name="c", weights="compact", protocol=name, device="cpu").load().config == settings


def test_weights_are_described_by_their_hash():
    method = WeightsMethod(name="c", weights="compact", protocol="own", device="cpu")
    assert method.describe() == {"weights": "compact", "sha256": weights_sha256("compact")}


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="protocol is 'rim', expected one of: own, ritm, ritm-400"):
        WeightsMethod(name="c", weights="compact", protocol="rim", device="cpu")
    with pytest.raises(ConfigError, match="peer is 'grab', expected one of: "):
        PeerMethod(name="grab")


def test_thresholds_are_called_by_their_percentages():
    assert [threshold_name(threshold) for threshold in THRESHOLDS] == ["80", "85", "90", "95"]


def test_every_prediction_is_timed_and_setting_the_slice_is_not():
    ticks = iter([1.0, 1.25, 7.0, 7.5])

    class Slow:
        def set_slice(self, image):
            self.image = image

        def predict(self, clicks, previous=None):
            return clicks, previous, self.image

    timed = TimedPredictor(Slow(), clock=lambda: next(ticks))
    timed.set_slice("image")
    click = Click(row=1, col=2, is_positive=True)
    assert timed.predict([click]) == ([click], None, "image")
    assert timed.predict([click], "before") == ([click], "before", "image")
    assert timed.seconds == [0.25, 0.5]
