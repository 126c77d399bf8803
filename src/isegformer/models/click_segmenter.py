"""A click network: image embedding + click embedding + backbone + decoder.

B is the batch, (H, W) the size of the input, C_s the channels at scale s.

Source: iSegFormer (MICCAI 2022), section 3.1: the two embeddings are separate and added, so that a backbone
pretrained on images needs no further input channels. RITM's networks fit the same frame with their first
convolution as image embedding.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import ClickNetworkConfig

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Decoder(Protocol):
    """What turns features into logits; a network module."""

    def __call__(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return logits (B, 1, h, w), the main ones first, those of auxiliary heads after."""
        ...


class ClickSegmenter(nn.Module):
    """Segments one object on one slice from clicks and the previous mask.

    Parameters
    ----------
    image_embedding : maps the normalised image (B, 3, H, W) to (B, C, h, w)
    click_embedding : maps the hint (B, 3, H, W) to the same shape; the same module as `image_embedding` for
        checkpoints of iSegFormer v1.0, which share it
    backbone : maps the sum to features from fine to coarse, list of (B, C_s, h_s, w_s)
    decoder : maps the features to logits at any scale
    click_radius_px : radius of the disks in the hint, in network-input pixels

    `config` holds the numbers that `build_click_network` made it from, which travel with its weights; None
    for a network put together by hand.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        image_embedding: nn.Module,
        click_embedding: nn.Module,
        backbone: nn.Module,
        decoder: nn.Module,
        click_radius_px: float,
    ) -> None:
        super().__init__()
        self.image_embedding = image_embedding
        self.click_embedding = click_embedding
        self.backbone = backbone
        self.decoder = decoder
        self.click_radius_px = click_radius_px
        self.config: ClickNetworkConfig | None = None
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.mean.device

    def forward(self, image: Tensor, hint: Tensor) -> Tensor:
        """Return the object's logits.

        Parameters
        ----------
        image : (B, 3, H, W), RGB in [0, 1]; a grey slice is repeated
        hint : (B, 3, H, W): previous probability (zeros at the start), positive clicks, negative clicks

        Returns
        -------
        Tensor : (B, 1, H, W)
        """
        return self.forward_all(image, hint)[0]

    def forward_all(self, image: Tensor, hint: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of every head, each (B, 1, H, W); the main one first."""
        return self._heads(self.embed(image), hint)

    def embed(self, image: Tensor) -> Tensor:
        """Return what depends on the image alone, (B, 3, H, W) -> (B, C, h, w): once for many clicks."""
        return self.image_embedding((image - self.mean) / self.std)

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        """Return the object's logits (B, 1, H, W) for an image that was embedded before."""
        return self._heads(embedded, hint)[0]

    def _heads(self, embedded: Tensor, hint: Tensor) -> tuple[Tensor, ...]:
        outputs = self.decoder(self.backbone(embedded + self.click_embedding(hint)))
        size = hint.shape[-2:]
        return tuple(F.interpolate(x, size=size, mode="bilinear", align_corners=True) for x in outputs)
