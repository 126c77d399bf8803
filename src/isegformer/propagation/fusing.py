"""Joins the new and the stored probabilities of a slice between two annotated slices.

Shapes: N objects, H x W pixels of the working grid, h x w its cells.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from isegformer.models.fusion import FusionNetwork
from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.models.stcn import STRIDE_PX
from isegformer.propagation.affinity import read_out
from isegformer.propagation.memory import cells


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What an annotation changed on its slice, in cells."""

    key: Tensor
    """(L, Ck), keys of the annotated slice."""

    difference: Tensor
    """(N, 2, L): the share of each cell that the annotation added, and that it took away."""


@dataclass(frozen=True, kw_only=True)
class SliceToFuse:
    """Two results for one slice and what is known about it."""

    frame: Tensor
    """(1, 3, H, W) in [0, 1]"""

    key: Tensor
    """(1, Ck, h, w)"""

    stored: Tensor
    """(N, H, W), the result of earlier rounds."""

    new: Tensor
    """(N, H, W), the result of this pass."""

    far_share: float
    """Distance to the far end over that between both ends: 1 at the newly annotated slice."""

    correction: Correction


class Fuser(Protocol):
    """Makes one result of two."""

    def fuse(self, item: SliceToFuse) -> Tensor:
        """Return the probabilities of the N competing objects, (N, H, W)."""
        ...


class LinearFuser:
    """Weighs both results by nearness to the slice that each comes from; used where no network is at hand."""

    def fuse(self, item: SliceToFuse) -> Tensor:
        """Return far_share * new + (1 - far_share) * stored, (N, H, W)."""
        return blend(item.new, item.stored, share=item.far_share)


class NetworkFuser:
    """Asks a fusion network, shown where the annotation differs from the stored result."""

    def __init__(self, network: FusionNetwork, *, block_bytes: int) -> None:
        self._network = network
        self._block_bytes = block_bytes

    def fuse(self, item: SliceToFuse) -> Tensor:
        """Return the network's probabilities after soft aggregation, (N, H, W)."""
        logits = self._network(
            item.frame,
            previous=item.stored[:, None],
            current=item.new[:, None],
            attention=self._attention(item),
            distances=item.new.new_tensor([[item.far_share, 1 - item.far_share]]),
        )
        return soft_aggregate(torch.sigmoid(logits))[1:, 0]

    def _attention(self, item: SliceToFuse) -> Tensor:
        """Return the correction as seen from the slice, through keys that are alike, (N, 2, H, W)."""
        rows, cols = item.key.shape[-2:]
        difference = item.correction.difference  # (N, 2, L)
        values = difference.flatten(0, 1).transpose(0, 1).contiguous()  # (L, 2 N)
        (seen,) = read_out(
            item.correction.key,
            [values],
            query_key=cells(item.key)[0],
            top_k=None,
            block_bytes=self._block_bytes,
        )
        maps = seen.transpose(0, 1).reshape(-1, 2, rows, cols)
        return F.interpolate(maps, item.new.shape[-2:], mode="bilinear", align_corners=False)


def blend(first: Tensor, second: Tensor, *, share: float) -> Tensor:
    """Return share * first + (1 - share) * second; a blend of distributions is one again."""
    return share * first + (1 - share) * second


def correction_of(masks: Tensor, stored: Tensor, *, key: Tensor) -> Correction:
    """Return what an annotation changed.

    Parameters
    ----------
    masks : (N, 1, H, W), 0 or 1, as annotated
    stored : (N, H, W), probabilities of earlier rounds; zeros where there was none
    key : (1, Ck, h, w), of the annotated slice
    """
    change = masks - stored[:, None]
    added_removed = torch.cat([change.clamp(min=0), (-change).clamp(min=0)], dim=1)  # (N, 2, H, W)
    difference = F.avg_pool2d(added_removed, STRIDE_PX).flatten(2)  # (N, 2, L)
    return Correction(key=cells(key)[0], difference=difference)
