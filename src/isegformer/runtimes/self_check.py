"""Does a runtime answer as the original network does? Asked of every runtime before it is used."""

from collections.abc import Iterator

import torch
from torch import Tensor

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.runtime import Tolerance

SIZES_PX = ((96, 128), (160, 112))
"""Two, so that a size which a runtime wrongly took for fixed is found out."""

ROUNDS = 3
"""How often each size comes, with other contents: a runtime may treat what comes again in another way."""


@torch.inference_mode()
def click_difference(engine: ClickEngine, network: ClickSegmenter, *, tolerance: Tolerance) -> float:
    """Return the largest difference of a click engine to its network, by `tolerance.measure`; NaN counts."""
    differences = []
    for image, disk in _scenes(network.device):
        hint = torch.cat([0.5 * disk, disk, torch.zeros_like(disk)], dim=1)
        got = engine.logits(engine.embed(image), hint)
        differences.append(tolerance.measure(got.float(), network.logits(network.embed(image), hint)))
    return max(differences, key=_with_nan_last)


@torch.inference_mode()
def propagation_difference(engine: PropagationEngine, network: Stcn, *, tolerance: Tolerance) -> float:
    """Return the same of a propagation engine: two objects, remembered and decoded on one slice."""
    differences = []
    for frame, disk in _scenes(network.device):
        mask = torch.cat([disk, disk.flip(2)])  # (2, 1, H, W)
        logits = []
        for one in (engine, network):
            keys = one.encode_key(frame)
            values = one.encode_value(frame, keys, mask=mask, others=mask.flip(0))
            logits.append(one.decode(values, keys).float())
        differences.append(tolerance.measure(*logits))
    return max(differences, key=_with_nan_last)


def _scenes(device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield noisy images (1, 3, H, W) of a bright disk, and the disk (1, 1, H, W); sizes take turns."""
    generator = torch.Generator().manual_seed(0)
    for height, width in SIZES_PX * ROUNDS:
        rows, cols = torch.arange(height)[:, None], torch.arange(width)[None]
        row, col = 0.3 + 0.4 * torch.rand(2, generator=generator)
        disk = ((rows - row * height) ** 2 + (cols - col * width) ** 2 < (0.2 * height) ** 2).float()
        noise = 0.08 * torch.randn(height, width, generator=generator)
        image = (0.3 + 0.4 * disk + noise).clamp(0, 1).expand(1, 3, -1, -1).contiguous()
        yield image.to(device), disk[None, None].to(device)


def _with_nan_last(value: float) -> tuple[bool, float]:
    return value != value, value  # noqa: PLR0124  NaN is what differs from itself
