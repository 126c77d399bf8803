"""Devices and networks by name."""

import pytest
import torch

from isegformer.cli import networks
from isegformer.clicks import Click
from isegformer.errors import ConfigError
from isegformer.interaction import Prediction, load_predictor
from isegformer.models import load, save_weights


@pytest.mark.parametrize(
    ("has_cuda", "has_mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_takes_the_fastest_device(monkeypatch, has_cuda, has_mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: has_mps)
    assert networks.choose_device("auto") == expected


@pytest.mark.parametrize("name", ["gpu", "meta", "cuda:x", ""])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(ConfigError, match="expected auto, cpu, cuda"):
        networks.choose_device(name)


def test_a_device_that_is_not_here_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert networks.choose_device("cuda:1") == "cuda:1"
    with pytest.raises(ConfigError, match=r"'cuda:2' is not here, expected one of: cpu, cuda:0, cuda:1"):
        networks.choose_device("cuda:2")


def test_a_predictor_has_the_settings_of_its_weights(click_weights):
    predictor = load_predictor(str(click_weights), device="cpu")
    assert predictor.config.zoom.side_px == 32
    assert predictor.config.mirror is False


def test_weights_with_unknown_settings_are_refused(tmp_path, click_weights):
    path = tmp_path / "odd.safetensors"
    network = load(click_weights)
    save_weights(network, path, predictor={"zoom": {"magnification": 2}})
    with pytest.raises(ConfigError, match="no magnification"):
        load_predictor(str(path), device="cpu")


def test_a_predictor_takes_what_a_session_kept_of_a_prediction(click_weights):
    class Kept:
        probability = torch.full((20, 24), 0.7).numpy()
        mask = probability > 0.49
        roi = None

    predictor = load_predictor(str(click_weights), device="cpu")
    predictor.set_slice(torch.rand(20, 24).numpy())
    clicks = [Click(row=10, col=10, is_positive=True), Click(row=2, col=2, is_positive=False)]
    direct = predictor.predict(clicks, Prediction(probability=Kept.probability))
    assert (predictor.predict(clicks, Kept()).probability == direct.probability).all()
    assert not (predictor.predict(clicks, None).probability == direct.probability).all()
