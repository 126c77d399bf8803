"""How near to what the machine can do is one look at a slice?

    python benchmarks/floor.py swin-base hrnet32

The floor is the arithmetic of a network's convolutions and linear layers over the rate of one large matrix
product by PyTorch, measured in the same run. Random weights, 384 x 384, the image embedded before.
"""

import argparse
import json
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from isegformer.models import build_click_network, variant
from isegformer.runtimes import prepare_clicks

SIDE_PX = 384
MATRIX_SIDE = 4096
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


@torch.inference_mode()
def main() -> None:
    """Print one line for each network and runtime."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architectures", nargs="+")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
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
            engine = prepare_clicks(network, runtime=runtime).engine
            taken_s = best_s(lambda engine=engine, embedded=embedded: engine.logits(embedded, hint))
            line = {
                "network": name,
                "runtime": runtime,
                "gmac": round(products / 1e9, 1),
                "machine_gmac_per_s": round(rate / 1e9),
                "floor_s": round(products / rate, 3),
                "taken_s": round(taken_s, 3),
                "over_floor": round(taken_s * rate / products, 2),
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
