"""What does a process hold that has loaded a network and answered once? By runtime, in MB of 10**6 bytes.

    python benchmarks/resident.py compact stcn-small --architecture swin-base --json resident.json

Weights by name, or architectures with random ones; inputs of 384 x 384. Each runtime has a process of its
own, and those that compile a second one, which finds the graphs compiled. `own` is what belongs to the
process (anonymous and shared memory), `resident` counts pages of files too, which the system takes back when
it needs them, `peak` is the largest of that since the process began. Linux only.
"""

import argparse
import gc
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from isegformer.evaluation.memory import peak_rss_mb
from isegformer.freed_memory import return_large_blocks
from isegformer.models import ClickSegmenter, Stcn, build_click_network, load, variant
from isegformer.runtimes import RUNTIMES, prepare_clicks, prepare_propagation

SIDE_PX = 384


def random_network(architecture: str) -> nn.Module:
    """Return a click network with random weights."""
    torch.manual_seed(0)
    return build_click_network(variant(architecture)).eval().requires_grad_(False)


MAKERS: dict[str, Callable[[str], nn.Module]] = {"weights": load, "architecture": random_network}
"""How to make a network by its name, by what kind of name it is."""


@torch.inference_mode()
def answer_once(network: nn.Module, *, runtime: str) -> object:
    """Let a runtime compute a network for one slice; return what must stay in memory for the next one."""
    image = torch.rand(1, 3, SIDE_PX, SIDE_PX)
    if isinstance(network, ClickSegmenter):
        clicks = prepare_clicks(network, runtime=runtime).engine
        clicks.logits(clicks.embed(image), image)
        return clicks
    assert isinstance(network, Stcn)
    engine = prepare_propagation(network, runtime=runtime).engine
    keys, mask = engine.encode_key(image), image[:, :1]
    engine.decode(engine.encode_value(image, keys, mask=mask, others=1 - mask), keys)
    return engine


def held_mb(kind: str, name: str, runtime: str, cache: str) -> dict[str, float]:
    """Measure in this process, which should be a fresh one."""
    os.environ["ISEGFORMER_COMPILED"] = cache
    return_large_blocks()
    engine = answer_once(MAKERS[kind](name), runtime=runtime)
    gc.collect()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    mb = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Rss")}
    own = mb["RssAnon"] + mb["RssShmem"]
    del engine
    return {
        "own": round(own),
        "resident": round(own + mb["RssFile"]),
        "peak": round(peak_rss_mb() or 0),
    }


def starts(kind: str, name: str, runtime: str) -> Iterator[dict[str, object]]:
    """Yield what the first start takes, and where something was compiled, a later one."""
    with tempfile.TemporaryDirectory() as cache:
        for start in ("first", "later"):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                held = pool.apply(held_mb, (kind, name, runtime, cache))
            yield {"network": name, "runtime": runtime, "start": start, **held}
            if not any(Path(cache).iterdir()):
                return


def main() -> None:
    """Measure, print each line as it comes, and write all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", nargs="*")
    parser.add_argument("--architecture", action="append", default=[], help="again for several")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES, help="again for several")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    named = [(kind, name) for kind in MAKERS for name in getattr(arguments, kind)]
    report = []
    for kind, name in named:
        for runtime in arguments.runtime or [one for one in RUNTIMES if one != "cuda-graphs"]:
            for line in starts(kind, name, runtime):
                report.append(line)
                print(json.dumps(line), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
