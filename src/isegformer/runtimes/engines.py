"""What a network is to those who use it: the two interfaces that every runtime fills.

`ClickSegmenter` and `Stcn` fill them as they are. Shapes as in `models.click_segmenter` and `models.stcn`.
"""

from typing import Protocol

import torch
from torch import Tensor

from isegformer.models.stcn import StcnKeys


class ClickEngine(Protocol):
    """A click network, in two steps: what depends on the image alone is done once for many clicks."""

    @property
    def click_radius_px(self) -> float:
        """Radius of the disks in the hint, in network-input pixels."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its inputs are expected and its answers lie."""
        ...

    def embed(self, image: Tensor) -> Tensor:
        """Return what `logits` needs of an image; RGB in [0, 1], (B, 3, H, W)."""
        ...

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        """Return the object's logits (B, 1, H, W), float32, for an embedded image and a hint (B, 3, H, W)."""
        ...


class PropagationEngine(Protocol):
    """A propagation network; holds no memory itself."""

    @property
    def device(self) -> torch.device:
        """Where its inputs are expected and its answers lie."""
        ...

    def encode_key(self, frame: Tensor) -> StcnKeys:
        """Encode slices without any mask; see `Stcn.encode_key`."""
        ...

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        """Encode N objects on a slice into values; see `Stcn.encode_value`."""
        ...

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        """Return logits of what N objects read; see `Stcn.decode`."""
        ...
