"""PyTorch as a runtime: as it is, and with 16-bit numbers where it thinks them enough."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.half_precision import half_precision, prepared_for_half
from isegformer.runtimes.runtime import REDUCED, SAME, Tolerance


@dataclass(frozen=True)
class EagerPytorch:
    """The networks as they are, in float32; works on every device."""

    tolerance: Tolerance = SAME

    def missing(self, device: torch.device) -> str | None:
        """Return None."""
        return None

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return the network itself."""
        return network

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return the network itself."""
        return network


@dataclass(frozen=True)
class AutocastPytorch:
    """PyTorch with bfloat16 inside (autocast); what comes out is float32 again."""

    tolerance: Tolerance = REDUCED

    def missing(self, device: torch.device) -> str | None:
        """Tell where a device has no bfloat16."""
        return missing_half_precision(device)

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return a copy of the network, prepared and under autocast."""
        return _AutocastClicks(prepared_for_half(network))

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return a copy of the network, prepared and under autocast."""
        return _AutocastPropagation(prepared_for_half(network))


def missing_half_precision(device: torch.device) -> str | None:
    """Return why autocast to bfloat16 is not used on a device, in words; None where it is."""
    if device.type == "cuda" and not _computes_in_bfloat16(device):
        return "this graphics card has no bfloat16"
    if device.type not in ("cuda", "cpu"):
        return f"bfloat16 is not tried on devices of type {device.type}"
    return None


def _computes_in_bfloat16(device: torch.device) -> bool:
    """Tell whether a card does so itself; NVIDIA's before Ampere make do with float32."""
    if torch.version.hip is not None:
        return bool(torch.cuda.is_bf16_supported())
    return torch.cuda.get_device_capability(device)[0] >= 8


class _AutocastClicks:
    def __init__(self, network: ClickSegmenter) -> None:
        self._network = network
        self.click_radius_px = network.click_radius_px
        self.device = network.device

    def embed(self, image: Tensor) -> Tensor:
        with half_precision(self.device):
            return self._network.embed(image)

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        with half_precision(self.device):
            return self._network.logits(embedded, hint).float()


class _AutocastPropagation:
    """Keys are compared by distance, in float32: their own numbers are not rounded further."""

    def __init__(self, network: Stcn) -> None:
        self._network = network
        self.device = network.device

    def encode_key(self, frame: Tensor) -> StcnKeys:
        with half_precision(self.device):
            keys = self._network.encode_key(frame)
        return replace(keys, key=keys.key.float())

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        with half_precision(self.device):
            return self._network.encode_value(frame, keys, mask=mask, others=others).float()

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        with half_precision(self.device):
            return self._network.decode(readout, keys).float()
