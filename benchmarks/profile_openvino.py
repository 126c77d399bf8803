"""Where does the time of one look at a slice go? OpenVINO's own profile of a click network.

    python benchmarks/profile_openvino.py swin-base --precision bf16

Random weights, 384 x 384, the image embedded before; milliseconds by kind of operation, the largest first.
"""

import argparse
from collections import Counter

import torch

from isegformer.models import build_click_network, variant
from isegformer.runtimes import openvino_core
from isegformer.runtimes.graphs import click_graphs
from isegformer.runtimes.openvino import converted

SIDE_PX = 384
WARM_UPS = 3


def profile(name: str, *, precision: str, threads: int) -> Counter[str]:
    """Return milliseconds of one look by kind of operation."""
    torch.manual_seed(0)
    network = build_click_network(variant(name)).eval()
    image, hint = torch.rand(1, 3, SIDE_PX, SIDE_PX), torch.rand(1, 3, SIDE_PX, SIDE_PX)
    with torch.inference_mode():
        embedded = network.embed(image).numpy()
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERF_COUNT": True}
    model = openvino_core().compile_model(converted(click_graphs(network)["clicks"]), "CPU", settings)
    request = model.create_infer_request()
    for _ in range(WARM_UPS + 1):
        request.infer([embedded, hint.numpy()])
    spent: Counter[str] = Counter()
    for entry in request.profiling_info:
        spent[entry.node_type] += entry.real_time.total_seconds() * 1000
    return spent


def main() -> None:
    """Print one line for each kind that takes a hundredth or more, then the sum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architecture")
    parser.add_argument("--precision", choices=("f32", "bf16"), default="bf16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    spent = profile(arguments.architecture, precision=arguments.precision, threads=arguments.threads)
    total = sum(spent.values())
    for kind, milliseconds in spent.most_common():
        if milliseconds >= total / 100:
            print(f"{milliseconds:8.1f}  {milliseconds / total:5.0%}  {kind}")
    print(f"{total:8.1f}         all")


if __name__ == "__main__":
    main()
