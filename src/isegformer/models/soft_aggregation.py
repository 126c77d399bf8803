"""Soft aggregation: from one probability per object to one distribution over background and objects."""

import torch
from torch import Tensor

PROBABILITY_MARGIN = 1e-7
"""Probabilities are kept this far from 0 and 1, so that their logits stay finite."""


def soft_aggregate(probability: Tensor) -> Tensor:
    """Return the distribution over the background and N objects that compete for each pixel.

    The background is the product of (1 - p) of all objects; then softmax over the logits of all.

    Parameters
    ----------
    probability : (N, ...), each object's own probability, in [0, 1]

    Returns
    -------
    (N + 1, ...), background first; sums to 1 over the first axis

    Source: Oh et al., "Fast Video Object Segmentation by Reference-Guided Mask Propagation", CVPR 2018,
    equation 1, with the clamp of STCN.
    """
    background = torch.prod(1 - probability, dim=0, keepdim=True)
    both = torch.cat([background, probability]).clamp(PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return torch.logit(both).softmax(dim=0)
