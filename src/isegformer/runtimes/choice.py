"""Which runtime computes a network: the fastest that is there and passes its self-check, or a given one.

A new runtime is one file and one line in RUNTIMES, and its place in ORDER.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from isegformer.errors import ConfigError
from isegformer.freed_memory import return_freed_heap
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn
from isegformer.runtimes.compiled_cache import CompiledCache
from isegformer.runtimes.cuda_graphs import CudaGraphs
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.openvino import OpenVino
from isegformer.runtimes.pytorch import AutocastPytorch, EagerPytorch
from isegformer.runtimes.runtime import REDUCED, SAME, Runtime
from isegformer.runtimes.self_check import click_difference, propagation_difference

EAGER = "pytorch"
"""The networks as they are."""

AUTO = "auto"
"""The first of ORDER that works."""

RUNTIMES: Mapping[str, Callable[[], Runtime]] = {
    EAGER: EagerPytorch,
    "pytorch-bf16": AutocastPytorch,
    "cuda-graphs": CudaGraphs,
    "openvino": lambda: OpenVino(precision="f32", tolerance=SAME, cache=CompiledCache()),
    "openvino-bf16": lambda: OpenVino(precision="bf16", tolerance=REDUCED, cache=CompiledCache()),
}
"""How to make each runtime, by the name that users give."""

ORDER: Mapping[str, tuple[str, ...]] = {
    "cpu": ("openvino-bf16", "openvino", EAGER),
    "cuda": ("cuda-graphs", "pytorch-bf16", EAGER),
}
"""What is tried on a type of device, the fastest first; elsewhere PyTorch as it is."""

logger = logging.getLogger(__name__)

Network = TypeVar("Network", ClickSegmenter, Stcn)
Engine = TypeVar("Engine", ClickEngine, PropagationEngine)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How the choice came to a runtime."""

    runtime: str
    difference: float | None
    """Its self-check's, to eager PyTorch; None where it did not get so far."""
    refusal: str | None
    """Why it is not used, in words; None if it is."""


@dataclass(frozen=True, kw_only=True)
class Prepared(Generic[Engine]):
    """A network, ready to be asked."""

    engine: Engine
    trials: tuple[Trial, ...]
    """What was tried, in order; the last is what computes it."""

    @property
    def runtime(self) -> str:
        """Name of what computes it."""
        return self.trials[-1].runtime


def prepare_clicks(network: ClickSegmenter, *, runtime: str = AUTO) -> Prepared[ClickEngine]:
    """Return a click network with a runtime.

    Parameters
    ----------
    network : on its device, in evaluation mode; it belongs to the runtime afterwards
    runtime : a name of RUNTIMES, or AUTO

    Raises
    ------
    ConfigError : an unknown name, or a runtime that was asked for does not work here
    """
    return _prepare(network, runtime=runtime, make=_clicks_by, difference=click_difference)


def prepare_propagation(network: Stcn, *, runtime: str = AUTO) -> Prepared[PropagationEngine]:
    """Return a propagation network with a runtime; see `prepare_clicks`."""
    return _prepare(network, runtime=runtime, make=_propagation_by, difference=propagation_difference)


def check_runtime(name: str) -> None:
    """Raise ConfigError, which lists the known ones, unless there is a runtime of this name."""
    if name != AUTO and name not in RUNTIMES:
        raise ConfigError(f"runtime is {name!r}, expected one of: {', '.join((AUTO, *RUNTIMES))}")


def _prepare(
    network: Network,
    *,
    runtime: str,
    make: Callable[[Runtime, Network], Engine],
    difference: Callable[..., float],
) -> Prepared[Engine]:
    trials: list[Trial] = []
    for name in _candidates(network, runtime=runtime):
        engine, trial = _tried(name, network, make=make, difference=difference)
        trials.append(trial)
        return_freed_heap()
        if engine is not None:
            return Prepared(engine=engine, trials=tuple(trials))
    raise ConfigError(
        f"runtime {runtime!r} does not work here: {trials[-1].refusal}; "
        f"expected one that does, such as {AUTO}"
    )


def _candidates(network: Network, *, runtime: str) -> Iterator[str]:
    check_runtime(runtime)
    yield from ORDER.get(network.device.type, (EAGER,)) if runtime == AUTO else (runtime,)


def _tried(
    name: str,
    network: Network,
    *,
    make: Callable[[Runtime, Network], Engine],
    difference: Callable[..., float],
) -> tuple[Engine | None, Trial]:
    runtime = RUNTIMES[name]()
    refusal, value = runtime.missing(network.device), None
    if refusal is None:
        try:
            engine = make(runtime, network)
            value = difference(engine, network, tolerance=runtime.tolerance)
        except Exception as error:  # noqa: BLE001  compilers fail in ways of their own; the next one may not
            refusal = f"it failed: {error}"
        else:
            refusal = _too_far(value, runtime=runtime)
        if refusal is None:
            return engine, Trial(runtime=name, difference=value, refusal=None)
        logger.warning("runtime %s is not used: %s", name, refusal)
    return None, Trial(runtime=name, difference=value, refusal=refusal)


def _too_far(difference: float, *, runtime: Runtime) -> str | None:
    """Return why a self-check was not passed; None where it was. NaN is not."""
    tolerance = runtime.tolerance
    if difference <= tolerance.most:
        return None
    return f"{tolerance.quantity} to eager PyTorch is {difference:.3g}, expected at most {tolerance.most:g}"


def _clicks_by(runtime: Runtime, network: ClickSegmenter) -> ClickEngine:
    return runtime.click(network)


def _propagation_by(runtime: Runtime, network: Stcn) -> PropagationEngine:
    return runtime.propagation(network)
