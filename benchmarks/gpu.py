"""How fast are clicks and propagation on a graphics card, how much memory do they take, where does time go?

    python benchmarks/gpu.py --json gpu.json

Random weights but for the two bundled networks, 384 x 384, batch of one. Times of clicks are those of a whole
answer on a slice that was clicked on before: from clicks and previous mask in memory to the mask in memory.
Each is taken in turn with eager float32 PyTorch of the same network, whose bare forward pass counts.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from plain import plain_forward, plain_propagation
from speed import disk_stack, in_turn
from textbook import as_in_textbook
from torch.profiler import ProfilerActivity, profile

from isegformer.clicks import Click
from isegformer.evaluation.environment import describe_environment
from isegformer.evaluation.memory import peak_gpu_mb
from isegformer.interaction import PredictorConfig, SlicePredictor
from isegformer.models import ClickSegmenter, Stcn, build_click_network, load, variant
from isegformer.models.stcn_config import STCN_PUBLISHED
from isegformer.propagation import PropagatorConfig, StcnPropagation
from isegformer.propagation.combined import ShapesAndNetwork
from isegformer.propagation.finishing import FinisherMaker, NetworkAlone
from isegformer.propagation.slices import ArraySlices
from isegformer.runtimes import EAGER, PropagationEngine, prepare_clicks, prepare_propagation
from isegformer.types import FloatArray, Labels

SIDE_PX = 384
NETWORKS = ("compact", "hrnet32", "swin-base", "swin-large")
RUNTIMES_COMPARED = ("cuda-graphs", "pytorch-bf16")
CLICKS = [Click(row=190, col=200, is_positive=True), Click(row=60, col=80, is_positive=False)]
FINISHERS: dict[str, FinisherMaker] = {"stcn": NetworkAlone, "combined": ShapesAndNetwork}
N_SLICES = 96
OBJECTS = (1, 3, 5)
LINES = 12
"""Kernels of a profile that are printed, the longest first."""


def click_network(name: str) -> ClickSegmenter:
    """Return a network on the card, in evaluation mode."""
    torch.manual_seed(0)
    network = load("compact") if name == "compact" else build_click_network(variant(name))
    assert isinstance(network, ClickSegmenter)
    return network.cuda().eval()


def stcn(name: str) -> Stcn:
    """Return a propagation network on the card: the bundled one, or that of the paper with random weights."""
    torch.manual_seed(0)
    network = load("stcn-small") if name == "stcn-small" else Stcn(STCN_PUBLISHED)
    assert isinstance(network, Stcn)
    return network.cuda().eval()


def click(name: str, *, runtime: str, turns: int) -> dict[str, object]:
    """Return what clicks of a network cost."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    network = click_network(name)
    start = time.perf_counter()
    predictor = SlicePredictor(prepare_clicks(network, runtime=runtime).engine, PredictorConfig(zoom=None))
    prepared_s = time.perf_counter() - start
    del network
    image = disk_stack(1, SIDE_PX, 1)[0][0]
    start = time.perf_counter()
    predictor.set_slice(image)
    before = predictor.predict(CLICKS[:1])
    first_s = time.perf_counter() - start
    start = time.perf_counter()
    before = predictor.predict(CLICKS, before)
    second_s = time.perf_counter() - start
    for _ in range(3):
        before = predictor.predict(CLICKS, before)
    memory_mb = peak_gpu_mb()
    plain = as_in_textbook(click_network(name))
    ratio = in_turn(
        lambda: predictor.predict(CLICKS, before),
        lambda: plain_forward(plain, [(SIDE_PX, SIDE_PX)]),
        turns=turns,
    )
    return {
        "network": name,
        "runtime": runtime,
        "prepared_s": round(prepared_s, 3),
        "first_click_s": round(first_s, 3),
        "second_click_s": round(second_s, 3),
        "memory_mb": round(memory_mb or 0),
        **asdict(ratio),
    }


def propagation(name: str, *, runtime: str, objects: int, method: str, turns: int) -> dict[str, object]:
    """Return what propagation of the middle slice of a stack costs; objects never end."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    engine = prepare_propagation(stcn(name), runtime=runtime).engine
    stack, truth = disk_stack(N_SLICES, SIDE_PX, objects)
    at = N_SLICES // 2
    propagated(engine, stack, truth[at], at=at, method=method)
    memory_mb = peak_gpu_mb()
    plain = as_in_textbook(stcn(name))
    ratio = in_turn(
        lambda: propagated(engine, stack, truth[at], at=at, method=method),
        lambda: plain_propagation(plain, stack, truth[at], at=at),
        turns=turns,
    )
    return {
        "network": name,
        "runtime": runtime,
        "method": method,
        "objects": objects,
        "slices": N_SLICES,
        "memory_mb": round(memory_mb or 0),
        "slices_per_s": round((N_SLICES - 1) / ratio.ours_s, 1),
        **asdict(ratio),
    }


def propagated(
    engine: PropagationEngine, stack: FloatArray, annotation: Labels, *, at: int, method: str
) -> Labels:
    """Propagate one slice to both ends; returns uint16 (T, H, W)."""
    config = PropagatorConfig(stop=None)
    return StcnPropagation(engine, config=config, finish=FINISHERS[method]).propagate(
        ArraySlices(stack), {at: annotation}
    )


def where_time_goes(what: str, act: Callable[[], object], *, times: int) -> dict[str, object]:
    """Return the kernels that take longest, and how busy the card is."""
    act()
    start = time.perf_counter()
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        for _ in range(times):
            act()
        torch.cuda.synchronize()
    wall_ms = (time.perf_counter() - start) * 1000 / times
    events = sorted(seen.key_averages(), key=lambda event: -event.self_device_time_total)
    busy_ms = sum(event.self_device_time_total for event in events) / 1000 / times
    return {
        "what": what,
        "card_busy_ms": round(busy_ms, 3),
        "wall_ms_under_the_profiler": round(wall_ms, 3),
        "kernels": sum(event.count for event in events) // times,
        "longest": [
            {
                "kernel": event.key[:90],
                "calls": event.count // times,
                "ms": round(event.self_device_time_total / 1000 / times, 4),
            }
            for event in events[:LINES]
        ],
    }


def product_rate() -> float:
    """Return multiplications with addition per second of a large matrix product in bfloat16."""
    side = 8192
    one, other = (torch.randn(side, side, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    one @ other
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(10):
        one @ other
    torch.cuda.synchronize()
    return 10 * side**3 / (time.perf_counter() - start)


def profiles() -> list[dict[str, object]]:
    """Return where the time of a look and of a propagation goes."""
    lines = []
    for name in ("swin-base", "swin-large"):
        engine = prepare_clicks(click_network(name), runtime="cuda-graphs").engine
        image = torch.rand(1, 3, SIDE_PX, SIDE_PX, device="cuda")
        embedded = engine.embed(image)
        for _ in range(3):
            engine.logits(embedded, image)
        lines.append(
            where_time_goes(
                f"a look of {name}",
                lambda engine=engine, embedded=embedded, image=image: engine.logits(embedded, image),
                times=20,
            )
        )
    stack, truth = disk_stack(N_SLICES, SIDE_PX, 1)
    at = N_SLICES // 2
    for name in ("stcn", "stcn-small"):
        one = prepare_propagation(stcn(name), runtime="cuda-graphs").engine
        line = where_time_goes(
            f"{N_SLICES - 1} slices with {name}",
            lambda one=one: propagated(one, stack, truth[at], at=at, method="stcn"),
            times=1,
        )
        lines.append(line)
    return lines


def main() -> None:
    """Measure, print each line as it comes, and write all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    lines: list[dict[str, object]] = [
        {"bf16_gmac_per_s": round(product_rate() / 1e9), **describe_environment("cuda")}
    ]
    print(json.dumps(lines[0]), flush=True)
    for name in NETWORKS:
        for runtime in (*RUNTIMES_COMPARED, EAGER):
            _say(lines, click(name, runtime=runtime, turns=arguments.turns))
    for name in ("stcn", "stcn-small"):
        for objects in OBJECTS:
            for method in FINISHERS:
                _say(lines, propagation(name, runtime="cuda-graphs", objects=objects, method=method, turns=3))
        _say(lines, propagation(name, runtime="pytorch-bf16", objects=1, method="stcn", turns=3))
    for line in profiles():
        _say(lines, line)
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


def _say(lines: list[dict[str, object]], line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)
    lines.append(line)


if __name__ == "__main__":
    main()
