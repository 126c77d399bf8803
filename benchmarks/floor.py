"""How near to what the machine can do is one look at a slice?

    python benchmarks/floor.py swin-base hrnet32 --json floor.json

There are two floors, both of convolutions and linear layers alone, measured in the same run: their arithmetic
over the rate of one large matrix product by PyTorch (`floor_s`), and the bytes of their weights, inputs and
outputs, each moved once, over the rate of one large copy (`bytes_floor_s`). Random weights, 384 x 384, the
image embedded before.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from isegformer.models import build_click_network, variant
from isegformer.runtimes import prepare_clicks

SIDE_PX = 384
MATRIX_SIDE = 4096
COPIED_BYTES = 512 * 1024**2
"""More than any cache holds."""
TURNS = 7
NUMBERS = {"openvino": torch.float32, "openvino-bf16": torch.bfloat16}


def best_s(act: Callable[[], object]) -> float:
    """Return the shortest of some turns, in seconds: a floor is not met by what disturbs a machine."""
    act()
    return min(_seconds(act) for _ in range(TURNS))


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def products_per_s(dtype: torch.dtype) -> float:
    """Return multiplications with addition per second in a large matrix product."""
    one, other = (torch.rand(MATRIX_SIDE, MATRIX_SIDE).to(dtype) for _ in range(2))
    return MATRIX_SIDE**3 / best_s(lambda: one @ other)


def copied_bytes_per_s() -> float:
    """Return the bytes that a large copy reads and writes per second."""
    source = torch.rand(COPIED_BYTES // 4)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / best_s(lambda: target.copy_(source))


def moved_numbers(network: nn.Module, act: Callable[[], object]) -> int:
    """Return how many weights, inputs and outputs the convolutions and linear layers have in one call."""
    moved = 0

    def count(layer: nn.Module, given: tuple[Tensor, ...], answer: Tensor) -> None:
        nonlocal moved
        moved += sum(one.numel() for one in (*given, answer, *layer.parameters()))

    layers = [one for one in network.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    act()
    for hook in hooks:
        hook.remove()
    return moved


@torch.inference_mode()
def main() -> None:
    """Print one line for each network and runtime."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architectures", nargs="+")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    report, byte_rate = [], copied_bytes_per_s()
    image, hint = torch.rand(1, 3, SIDE_PX, SIDE_PX), torch.rand(1, 3, SIDE_PX, SIDE_PX)
    for runtime, dtype in NUMBERS.items():
        rate = products_per_s(dtype)
        for name in arguments.architectures:
            torch.manual_seed(0)
            network = build_click_network(variant(name)).eval()
            embedded = network.embed(image)
            with FlopCounterMode(display=False) as counter:
                network.logits(embedded, hint)
            products = counter.get_total_flops() / 2
            numbers = moved_numbers(network, lambda: network.logits(embedded, hint))  # noqa: B023  called here
            engine = prepare_clicks(network, runtime=runtime).engine
            taken_s = best_s(lambda engine=engine, embedded=embedded: engine.logits(embedded, hint))
            line = {
                "network": name,
                "runtime": runtime,
                "gmac": round(products / 1e9, 1),
                "machine_gmac_per_s": round(rate / 1e9),
                "floor_s": round(products / rate, 3),
                "machine_gb_per_s": round(byte_rate / 1e9, 1),
                "bytes_floor_s": round(numbers * dtype.itemsize / byte_rate, 3),
                "taken_s": round(taken_s, 3),
                "over_floor": round(taken_s * rate / products, 2),
            }
            print(json.dumps(line), flush=True)
            report.append(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
