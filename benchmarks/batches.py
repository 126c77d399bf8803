"""Would it pay to propagate in both directions side by side? What a slice costs alone and with others.

    python benchmarks/batches.py

The key encoder and the decoder of `stcn-small`, one object, as `--runtime auto` computes them; seconds for
each slice in batches of several, and their ratio to a batch of one in turn.
"""

import argparse
import json

import torch
from speed import in_turn

from isegformer.models import load
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.runtimes import AUTO, PropagationEngine, prepare_propagation

SIDES_PX = (128, 256, 384, 512)
BATCHES = (2, 4)


@torch.inference_mode()
def passed_through(engine: PropagationEngine, frames: torch.Tensor, *, value_channels: int) -> torch.Tensor:
    """Return logits (B, 1, H, W) of slices (B, 3, H, W), without a memory between encoder and decoder."""
    keys: StcnKeys = engine.encode_key(frames)
    batch, _, rows, cols = keys.key.shape
    return engine.decode(torch.zeros(batch, value_channels, rows, cols, device=engine.device), keys).cpu()


def main() -> None:
    """Print one line for each size and batch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runtime", default=AUTO)
    parser.add_argument("--turns", type=int, default=15)
    arguments = parser.parse_args()
    network = load("stcn-small")
    assert isinstance(network, Stcn)
    channels = network.config.value_channels
    engine = prepare_propagation(network, runtime=arguments.runtime).engine
    for side in SIDES_PX:
        for batch in BATCHES:
            frames = torch.rand(batch, 3, side, side, device=engine.device)
            ratio = in_turn(
                lambda frames=frames: passed_through(engine, frames, value_channels=channels),
                lambda frames=frames: [
                    passed_through(engine, one, value_channels=channels) for one in frames.split(1)
                ],
                turns=arguments.turns,
            )
            line = {
                "side_px": side,
                "batch": batch,
                "s_per_slice": round(ratio.ours_s / batch, 4),
                "over_one_by_one": [ratio.median, ratio.low, ratio.high],
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
