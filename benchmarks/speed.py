"""How fast are clicks and propagation, and how much memory do they take?

    python benchmarks/speed.py --json speed.json            # or: make bench
    python benchmarks/speed.py --architecture swin-base     # one without bundled weights, with random ones

Every time is a ratio to eager float32 PyTorch of the same network (`plain.py`), measured in turn in one
process: ratios can be compared between machines, seconds cannot. Memory is by how much the peak of a process
of its own exceeds what it held with the network loaded.
"""

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from plain import plain_forward, plain_propagation
from textbook import as_in_textbook

from isegformer.clicks import Click, encode_disks
from isegformer.evaluation.environment import describe_environment
from isegformer.evaluation.memory import peak_rss_mb, reset_peaks
from isegformer.interaction import SlicePredictor, load_predictor
from isegformer.models import ClickSegmenter, Stcn, build_click_network, load, variant
from isegformer.propagation import PROPAGATION_METHODS, propagate_volume
from isegformer.runtimes import (
    AUTO,
    EAGER,
    ClickEngine,
    PropagationEngine,
    prepare_clicks,
    prepare_propagation,
)
from isegformer.types import FloatArray, Labels
from isegformer.volume import Geometry, Volume, Window

SLICE_SIDES_PX = (256, 384, 512)
CLICKS = (1, 2, 5, 10, 20)
STACKS = (
    (16, 256, 1),
    (48, 256, 1),
    (96, 256, 1),
    (16, 256, 3),
    (16, 256, 5),
    (16, 128, 1),
    (16, 384, 1),
    (16, 512, 1),
)
"""(slices, side in px, objects): one of them grows at a time."""
METHODS = ("stcn", "combined")
"""The second, the default, on every stack."""
RUNTIMES_COMPARED = ("pytorch-bf16", "openvino", "openvino-bf16")
WINDOW = Window(low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Ours over plain PyTorch's, over several turns."""

    median: float
    low: float
    high: float
    ours_s: float
    """Median seconds, for orientation only."""
    ours_p95_s: float
    """Seconds that 95 of 100 turns stay within, between the longest where there are few."""
    turns: int


def in_turn(ours: Callable[[], object], plain: Callable[[], object], *, turns: int) -> Ratio:
    """Time two things alternately, after one turn that does not count."""
    ours()
    plain()
    pairs = [(_seconds(ours), _seconds(plain)) for _ in range(turns)]
    ratios = sorted(a / b for a, b in pairs)
    return Ratio(
        median=round(statistics.median(ratios), 3),
        low=round(ratios[0], 3),
        high=round(ratios[-1], 3),
        ours_s=round(statistics.median(a for a, _ in pairs), 4),
        ours_p95_s=round(float(np.percentile([a for a, _ in pairs], 95)), 4),
        turns=turns,
    )


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def click_speed(weights: str, *, runtime: str, turns: int) -> Iterator[dict[str, object]]:
    """Yield the cost of the first and of later clicks, over what the network alone takes for its inputs.

    The first one includes what is prepared of a slice that was never seen.
    """
    sized = Sized(load_predictor(weights, runtime=runtime).network)
    predictor = SlicePredictor(sized, load_predictor(weights).config)
    eager = as_in_textbook(load(weights))
    assert isinstance(eager, ClickSegmenter)
    for side in SLICE_SIDES_PX:
        image = disk_stack(1, side, 1)[0][0]
        predictor.set_slice(image)
        for number in CLICKS:
            yield {
                "slice_px": side,
                "click": number,
                **asdict(_click_ratio(predictor, sized, eager, image, number=number, turns=turns)),
            }


def encoding_ms() -> dict[str, float]:
    """Return what it takes to turn clicks into maps of 384 x 384, by their number (medians)."""
    rng = np.random.default_rng(0)
    spent = {}
    for number in CLICKS:
        places = [(float(row), float(col), True) for row, col in rng.integers(0, 384, (number, 2))]
        times = [
            _seconds(lambda places=places: encode_disks(places, (384, 384), radius_px=5)) for _ in range(99)
        ]
        spent[str(number)] = round(1000 * statistics.median(times), 3)
    return spent


class Sized:
    """A click network that keeps the sizes of its inputs."""

    def __init__(self, engine: ClickEngine) -> None:
        self._engine = engine
        self.click_radius_px, self.device = engine.click_radius_px, engine.device
        self.sizes: list[tuple[int, int]] = []

    def embed(self, image: torch.Tensor) -> torch.Tensor:
        """See `ClickEngine`."""
        return self._engine.embed(image)

    def logits(self, embedded: torch.Tensor, hint: torch.Tensor) -> torch.Tensor:
        """See `ClickEngine`."""
        self.sizes.append((int(hint.shape[-2]), int(hint.shape[-1])))
        return self._engine.logits(embedded, hint)


def network_speed(
    names: list[str], *, runtimes: list[str], side: int, turns: int
) -> Iterator[dict[str, object]]:
    """Yield the cost of one look of networks with random weights, over eager float32 PyTorch's.

    The image is embedded once, as for all clicks after the first.
    """
    torch.manual_seed(0)
    image, hint = torch.rand(1, 3, side, side), torch.rand(1, 3, side, side)
    for name in names:
        for runtime in runtimes:
            plain = build_click_network(variant(name)).eval()
            other = build_click_network(variant(name)).eval()
            other.load_state_dict(plain.state_dict())
            as_in_textbook(plain)
            engine = prepare_clicks(other, runtime=runtime).engine
            embedded = engine.embed(image)
            ratio = in_turn(
                torch.inference_mode()(
                    lambda engine=engine, embedded=embedded: engine.logits(embedded, hint)
                ),
                lambda plain=plain: plain_forward(plain, [(side, side)]),
                turns=turns,
            )
            yield {"network": name, "runtime": runtime, "side_px": side, **asdict(ratio)}


def _click_ratio(
    predictor: SlicePredictor,
    sized: Sized,
    eager: ClickSegmenter,
    image: FloatArray,
    *,
    number: int,
    turns: int,
) -> Ratio:
    rng, side = np.random.default_rng(number), len(image)
    clicks = [
        Click(row=int(row), col=int(col), is_positive=place % 3 != 2)
        for place, (row, col) in enumerate(rng.integers(side // 3, 2 * side // 3, (number, 2)))
    ]
    previous = predictor.predict(clicks[:1]) if number > 1 else None
    sized.sizes.clear()
    predictor.predict(clicks, previous)
    sizes = list(sized.sizes)

    def on_a_new_slice() -> object:
        predictor.set_slice(image)
        return predictor.predict(clicks)

    return in_turn(
        on_a_new_slice if previous is None else lambda: predictor.predict(clicks, previous),
        lambda: plain_forward(eager, sizes),
        turns=turns,
    )


def propagation_speed(weights: str, *, runtime: str, turns: int) -> Iterator[dict[str, object]]:
    """Yield the cost of propagating the middle slice of a stack of disks, over plain PyTorch's."""
    network, other = as_in_textbook(load(weights)), load(weights)
    if not (isinstance(network, Stcn) and isinstance(other, Stcn)):
        raise SystemExit(f"weights {weights!r} hold no propagation network")
    engine = prepare_propagation(other, runtime=runtime).engine
    for slices, side, objects in STACKS:
        stack, truth = disk_stack(slices, side, objects)
        at = slices // 2
        for method in METHODS if (slices, side, objects) == STACKS[0] else METHODS[1:]:
            ratio = in_turn(
                lambda stack=stack, truth=truth, at=at, method=method: ours(
                    engine, stack, truth[at], at=at, method=method
                ),
                lambda stack=stack, truth=truth, at=at: plain_propagation(network, stack, truth[at], at=at),
                turns=turns,
            )
            yield {
                "slices": slices,
                "side_px": side,
                "objects": objects,
                "method": method,
                **asdict(ratio),
                "ours_s_per_slice": round(ratio.ours_s / (slices - 1), 4),
            }


def ours(
    network: PropagationEngine, stack: FloatArray, annotation: Labels, *, at: int, method: str
) -> Labels:
    """Propagate as users do; returns uint16 (T, H, W)."""
    labels = propagate_volume(
        Volume(np.moveaxis(stack, 0, 2), Geometry((*stack.shape[1:], len(stack)), np.eye(4))),
        {at: annotation},
        axis=2,
        method=PROPAGATION_METHODS[method](lambda: network),
        window=WINDOW,
    )
    return np.moveaxis(labels, 2, 0)


def disk_stack(slices: int, side: int, objects: int) -> tuple[FloatArray, Labels]:
    """Return a noisy stack (T, H, W) in [0, 1] with bright disks, and their labels."""
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:side, :side]
    truth = np.zeros((slices, side, side), np.uint16)
    for label in range(1, objects + 1):
        centre = side * label / (objects + 1)
        for index in range(slices):
            distance = np.hypot(rows - side / 2 - index / 4, cols - centre)
            truth[index][distance < side / (3 * objects)] = label
    noise = rng.normal(0, 0.08, truth.shape)
    return np.clip(0.25 + 0.15 * truth + noise, 0, 1).astype(np.float32), truth


def memory_mb(what: str, weights: str, runtime: str) -> float:
    """Return by how much the peak of a fresh process exceeds what it held with the network loaded."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return round(pool.apply(_growth_mb, (what, weights, runtime)), 1)


def _growth_mb(what: str, weights: str, runtime: str) -> float:
    if what == "click":
        predictor = load_predictor(weights, runtime=runtime)
        predictor.set_slice(disk_stack(1, 512, 1)[0][0])
        return _peak_growth_mb(lambda: predictor.predict([Click(row=256, col=256, is_positive=True)]))
    network = load(weights)
    assert isinstance(network, Stcn)
    stack, truth = disk_stack(48, 256, 3)
    if what == "plain":
        as_in_textbook(network)
        return _peak_growth_mb(lambda: plain_propagation(network, stack, truth[24], at=24))
    engine = prepare_propagation(network, runtime=runtime).engine
    return _peak_growth_mb(lambda: ours(engine, stack, truth[24], at=24, method=what))


def _peak_growth_mb(act: Callable[[], object]) -> float:
    reset_peaks()
    before = peak_rss_mb() or 0.0
    act()
    return (peak_rss_mb() or 0.0) - before


def main() -> None:
    """Measure, print each line as it comes, and write all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", default="compact")
    parser.add_argument("--propagation-weights", default="stcn-small")
    parser.add_argument("--architecture", action="append", default=[], help="again for several")
    parser.add_argument("--runtime", default=AUTO)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    report: dict[str, object] = {
        "environment": {**describe_environment("cpu"), "threads": arguments.threads},
        "weights": arguments.weights,
        "propagation_weights": arguments.propagation_weights,
        "runtime": arguments.runtime,
    }
    if arguments.architecture:
        runtimes = [name for name in RUNTIMES_COMPARED if arguments.runtime in (AUTO, name)]
        report["networks"] = _printed(
            network_speed(arguments.architecture, runtimes=runtimes, side=384, turns=arguments.turns)
        )
        _write(report, arguments.json)
        return
    report["clicks"] = _printed(
        click_speed(arguments.weights, runtime=arguments.runtime, turns=arguments.turns)
    )
    report["encoding_ms"] = encoding_ms()
    print(json.dumps({"encoding_ms": report["encoding_ms"]}), flush=True)
    report["propagation"] = _printed(
        propagation_speed(
            arguments.propagation_weights, runtime=arguments.runtime, turns=max(2, arguments.turns // 3)
        )
    )
    report["memory_mb"] = {
        "click on 512 x 512": memory_mb("click", arguments.weights, arguments.runtime),
        "click on 512 x 512, eager": memory_mb("click", arguments.weights, EAGER),
        **{
            f"propagation of 48 x 256 x 256, 3 objects, {what}": memory_mb(
                what, arguments.propagation_weights, arguments.runtime
            )
            for what in ("plain", *METHODS)
        },
    }
    print(json.dumps(report["memory_mb"], indent=2))
    _write(report, arguments.json)


def _write(report: dict[str, object], path: Path | None) -> None:
    if path:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _printed(lines: Iterator[dict[str, object]]) -> list[dict[str, object]]:
    kept = []
    for line in lines:
        print(json.dumps(line), flush=True)
        kept.append(line)
    return kept


if __name__ == "__main__":
    main()
