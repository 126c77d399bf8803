"""Engines that answer at once and get faster: PyTorch as it is until the chosen runtime is ready.

Compiling for the first time on a computer takes seconds, in which a person would wait for the first click.
What one engine embedded or encoded, the other understands, so the change may come between any two calls.
"""

import logging
import threading
from collections.abc import Callable

import torch
from torch import Tensor

from isegformer.errors import IsegformerError
from isegformer.models.stcn import StcnKeys
from isegformer.runtimes.choice import Prepared
from isegformer.runtimes.engines import ClickEngine, PropagationEngine

logger = logging.getLogger(__name__)


class WarmingClicks:
    """A click network that changes over to its runtime; made by `warm_clicks`."""

    def __init__(self, first: ClickEngine) -> None:
        self.now = first
        """What answers; may be replaced at any time."""

    @property
    def click_radius_px(self) -> float:
        """See `ClickEngine`."""
        return self.now.click_radius_px

    @property
    def device(self) -> torch.device:
        """See `ClickEngine`."""
        return self.now.device

    def embed(self, image: Tensor) -> Tensor:
        """See `ClickEngine`."""
        return self.now.embed(image)

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        """See `ClickEngine`."""
        return self.now.logits(embedded, hint)


class WarmingPropagation:
    """A propagation network that changes over to its runtime; made by `warm_propagation`."""

    def __init__(self, first: PropagationEngine) -> None:
        self.now = first
        """What answers; may be replaced at any time."""

    @property
    def device(self) -> torch.device:
        """See `PropagationEngine`."""
        return self.now.device

    def encode_key(self, frame: Tensor) -> StcnKeys:
        """See `PropagationEngine`."""
        return self.now.encode_key(frame)

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        """See `PropagationEngine`."""
        return self.now.encode_value(frame, keys, mask=mask, others=others)

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        """See `PropagationEngine`."""
        return self.now.decode(readout, keys)


class WarmUp:
    """One thread that prepares networks, one after the other, and puts each in its place.

    A program that ends waits for the network that is being prepared, seconds at most, and the others are
    left: a compiler that is torn down in the middle of its work aborts the process.
    """

    def __init__(self) -> None:
        self._jobs: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._work, name="isegformer-warm-up")

    def clicks(self, first: ClickEngine, prepare: Callable[[], Prepared[ClickEngine]]) -> ClickEngine:
        """Return a network that answers with `first`, and once that is done with what `prepare` returns.

        `prepare` must not touch the network of `first`, which is in use meanwhile.
        """
        warming = WarmingClicks(first)

        def change_over() -> None:
            warming.now = prepare().engine

        self._jobs.append(change_over)
        return warming

    def propagation(
        self, first: PropagationEngine, prepare: Callable[[], Prepared[PropagationEngine]]
    ) -> PropagationEngine:
        """Do the same with a propagation network."""
        warming = WarmingPropagation(first)

        def change_over() -> None:
            warming.now = prepare().engine

        self._jobs.append(change_over)
        return warming

    def start(self) -> None:
        """Begin; an error is logged, and the network stays as it is."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> None:
        """Return when all is ready, or the time is over."""
        self._thread.join(timeout_s)

    def _work(self) -> None:
        for job in self._jobs:
            if not threading.main_thread().is_alive():
                return
            try:
                job()
            except IsegformerError as error:
                logger.warning("networks stay as slow as they are: %s", error)
