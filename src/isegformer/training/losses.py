"""Losses of click networks. B is the batch; every loss takes logits and targets of (B, 1, H, W)."""

import torch
import torch.nn.functional as F
from torch import Tensor

EPSILON = 1e-6


def normalised_focal_loss(
    logits: Tensor, target: Tensor, *, ignored: Tensor | None = None, alpha: float = 0.5, gamma: float = 2.0
) -> Tensor:
    """Return the focal loss whose modulating factors average to one on every image.

    Parameters
    ----------
    logits : (B, 1, H, W)
    target : bool, (B, 1, H, W)
    ignored : bool, (B, 1, H, W), pixels that do not count; none by default
    alpha : weight of the object against 1 - alpha for the background
    gamma : exponent of the modulating factor (1 - p_t) ** gamma

    Returns
    -------
    Tensor : scalar, mean over images of the mean over counted pixels

    Source: Sofiiuk et al. 2019 (AdaptIS), equation 5; the normalising mean carries no gradient.
    """
    counted = torch.ones_like(target) if ignored is None else ~ignored
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
    factor = (1 - torch.exp(-cross_entropy)) ** gamma * counted
    pixels = counted.sum(dim=(1, 2, 3))
    mean_factor = (factor.sum(dim=(1, 2, 3)) / pixels.clamp(min=1)).detach().view(-1, 1, 1, 1)
    weight = torch.where(target, alpha, 1 - alpha)
    losses = weight * factor / (mean_factor + EPSILON) * cross_entropy
    return (losses.sum(dim=(1, 2, 3)) / pixels.clamp(min=1)).mean()


def soft_dice_loss(logits: Tensor, target: Tensor, *, ignored: Tensor | None = None) -> Tensor:
    """Return one minus the Dice overlap of probability and target, mean over images; inputs as above."""
    counted = torch.ones_like(target) if ignored is None else ~ignored
    probability = torch.sigmoid(logits) * counted
    truth = target.to(logits.dtype) * counted
    shared = (probability * truth).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3))
    return (1 - (2 * shared + 1) / (total + 1)).mean()
