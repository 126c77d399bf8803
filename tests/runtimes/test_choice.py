"""The fastest runtime that works is taken; one that answers otherwise never is."""

from dataclasses import dataclass

import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.runtimes import RUNTIMES, choice, prepare_clicks, prepare_propagation
from isegformer.runtimes.pytorch import EagerPytorch
from isegformer.runtimes.runtime import SAME, probability_difference, relative_difference


class Shifted:
    """A click network whose logits are a little, or not at all, what they should be."""

    def __init__(self, network, shift):
        self._network, self._shift = network, shift
        self.click_radius_px, self.device = network.click_radius_px, network.device

    def embed(self, image):
        return self._network.embed(image)

    def logits(self, embedded, hint):
        return self._network.logits(embedded, hint) + self._shift


class Stale(Shifted):
    """A click network that answers what it answered first, once a size comes again."""

    def __init__(self, network):
        super().__init__(network, 0.0)
        self._first = {}

    def logits(self, embedded, hint):
        return self._first.setdefault(hint.shape, super().logits(embedded, hint))


@dataclass(frozen=True)
class Fake:
    """A runtime of click networks with a fault."""

    shift: float = 0.0
    reason: str | None = None
    error: Exception | None = None
    is_stale: bool = False
    tolerance = SAME

    def missing(self, device):
        return self.reason

    def click(self, network):
        if self.error:
            raise self.error
        return Stale(network) if self.is_stale else Shifted(network, self.shift)


@pytest.fixture
def order(monkeypatch):
    def set_order(**runtimes):
        makers = {name: lambda fake=fake: fake for name, fake in runtimes.items()}
        monkeypatch.setattr(choice, "RUNTIMES", {**makers, "pytorch": EagerPytorch})
        monkeypatch.setattr(choice, "ORDER", {"cpu": (*runtimes, "pytorch")})

    return set_order


def test_the_first_that_works_is_taken(click_network, order):
    order(absent=Fake(reason="it is not installed"), good=Fake(), never=Fake(error=ValueError("asked")))
    prepared = prepare_clicks(click_network)
    assert prepared.runtime == "good"
    assert [(trial.runtime, trial.refusal) for trial in prepared.trials] == [
        ("absent", "it is not installed"),
        ("good", None),
    ]
    assert prepared.trials[-1].difference == 0


@pytest.mark.parametrize("shift", [0.01, float("nan"), float("inf")])
def test_a_runtime_that_answers_otherwise_is_not_used(click_network, order, caplog, shift):
    order(wrong=Fake(shift=shift))
    prepared = prepare_clicks(click_network)
    assert prepared.engine is click_network
    assert "relative difference of logits" in prepared.trials[0].refusal
    assert "runtime wrong is not used" in caplog.text


def test_a_runtime_that_errs_when_a_size_comes_again_is_not_used(click_network, order):
    order(stale=Fake(is_stale=True))
    prepared = prepare_clicks(click_network)
    assert prepared.runtime == "pytorch"
    assert "relative difference of logits" in prepared.trials[0].refusal


def test_a_runtime_that_fails_is_not_used(click_network, order, caplog):
    order(broken=Fake(error=RuntimeError("no such instruction")))
    assert prepare_clicks(click_network).runtime == "pytorch"
    assert "no such instruction" in caplog.text


def test_a_runtime_that_was_asked_for_and_fails_is_an_error(click_network, order):
    order(absent=Fake(reason="it is not installed"), wrong=Fake(shift=1.0))
    with pytest.raises(ConfigError, match="'absent' does not work here: it is not installed; expected one"):
        prepare_clicks(click_network, runtime="absent")
    with pytest.raises(ConfigError, match="'wrong' does not work here: relative difference"):
        prepare_clicks(click_network, runtime="wrong")


def test_an_unknown_runtime_is_refused_with_the_known_ones(click_network, propagation_network):
    with pytest.raises(ConfigError, match="'tpu', expected one of: auto, pytorch, "):
        prepare_clicks(click_network, runtime="tpu")
    with pytest.raises(ConfigError, match="'tpu', expected one of: auto, pytorch, "):
        prepare_propagation(propagation_network, runtime="tpu")


def test_other_devices_get_pytorch_as_it_is(monkeypatch, click_network):
    monkeypatch.setattr(choice, "ORDER", {})
    assert prepare_clicks(click_network).runtime == "pytorch"


def test_every_runtime_that_is_tried_by_itself_exists():
    assert {name for names in choice.ORDER.values() for name in names} <= set(RUNTIMES)


def test_differences_are_those_of_logits_and_of_probabilities():
    expected = torch.tensor([0.0, 2.0, -4.0])
    assert relative_difference(expected + torch.tensor([0.0, 1.0, 0.0]), expected) == 0.25
    moved = torch.tensor([0.0, 2.0, 0.0])
    assert probability_difference(moved, expected) == pytest.approx(0.5 - 1 / (1 + torch.e**4))
