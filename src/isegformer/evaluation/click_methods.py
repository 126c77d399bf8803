"""What is measured by clicks: weights under a protocol, or a peer that has none."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from isegformer.clicks import Click
from isegformer.evaluation.click_protocol import PROTOCOLS, check_known
from isegformer.evaluation.clicks_needed import ClickPredictor
from isegformer.evaluation.peers import PEERS
from isegformer.interaction import Prediction, SlicePredictor, load_predictor
from isegformer.models import weights_sha256
from isegformer.runtimes import EAGER, check_runtime
from isegformer.types import FloatArray


class ClickMethod(Protocol):
    """A value that says what to measure, and can be sent to another process."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def load(self) -> ClickPredictor:
        """Return what answers clicks, ready to be asked."""
        ...

    def describe(self) -> dict[str, str]:
        """Return what the configuration of an evaluation keeps of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class WeightsMethod:
    """A click network with its weights."""

    name: str
    weights: str
    """Name or file."""
    protocol: str
    device: str
    runtime: str = EAGER
    """See `runtimes.RUNTIMES`."""

    def __post_init__(self) -> None:
        check_known("protocol", self.protocol, known=PROTOCOLS)
        check_runtime(self.runtime)

    def load(self) -> SlicePredictor:
        """Return the predictor; errors as for `interaction.load_predictor`."""
        loaded = load_predictor(self.weights, device=self.device, runtime=self.runtime)
        return SlicePredictor(loaded.network, PROTOCOLS[self.protocol](loaded.config))

    def describe(self) -> dict[str, str]:
        """Return weights and their hash; errors as for `models.weights_sha256`."""
        return {"weights": self.weights, "sha256": weights_sha256(self.weights)}


@dataclass(frozen=True, kw_only=True)
class PeerMethod:
    """A method without weights that gets the same clicks."""

    name: str

    def __post_init__(self) -> None:
        check_known("peer", self.name, known=PEERS)

    def load(self) -> ClickPredictor:
        """Return a new predictor; DependencyError where it needs a package that is not installed."""
        return PEERS[self.name]()

    def describe(self) -> dict[str, str]:
        """Return its name."""
        return {"peer": self.name}


class TimedPredictor:
    """Takes the time of every prediction."""

    def __init__(self, predictor: ClickPredictor, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._predictor = predictor
        self._clock = clock
        self.seconds: list[float] = []

    def set_slice(self, image: FloatArray) -> None:
        """Choose the slice; not timed, since a person does not wait for it after a click."""
        self._predictor.set_slice(image)

    def predict(self, clicks: Sequence[Click], previous: Prediction | None = None) -> Prediction:
        """Return the prediction of the timed predictor."""
        start = self._clock()
        prediction = self._predictor.predict(clicks, previous)
        self.seconds.append(self._clock() - start)
        return prediction
