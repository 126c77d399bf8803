"""Which arithmetic is fast on a device."""

from typing import Literal

import torch

Precision = Literal["32-true", "bf16-mixed"]


def fast_precision(device: str) -> Precision:
    """Return bfloat16 where the processor computes in it, else float32, which is then the faster one.

    Parameters
    ----------
    device : auto, cpu, cuda, cuda:1, ... or mps
    """
    if device.startswith("cuda") or (device == "auto" and torch.cuda.is_available()):
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    if device == "mps" or (device == "auto" and torch.backends.mps.is_available()):
        return "32-true"
    # Without these instructions bfloat16 is emulated, several times slower than float32. torch has no public
    # way to ask; where the private one goes away, float32 is right everywhere.
    asks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    is_native = any(getattr(torch.cpu, ask, lambda: False)() for ask in asks)
    return "bf16-mixed" if is_native else "32-true"
