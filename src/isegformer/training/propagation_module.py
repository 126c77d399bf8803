"""Training of a propagation network as a Lightning module.

The first slice of a clip is given with its masks; every further slice is predicted from the memory of all
slices before it, the predicted ones included, and joins the memory with its prediction. With a cycle, the
prediction of the last slice is then carried back to the first, where the masks are known.

Source: STCN (Cheng et al. 2021), section 4; cycle consistency as in Li et al. 2020 (Delving into the cyclic
mechanism in semi-supervised video object segmentation). B clips, T slices, N = 2 objects, S the side.
"""

from collections.abc import Sequence
from typing import Any

import lightning as L
import torch
import torch.nn.functional as F
from torch import Tensor

from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.models.stcn import Stcn, StcnKeys, read_memory
from isegformer.training.clips import OBJECTS, Clip
from isegformer.training.config import PropagationTrainingConfig
from isegformer.training.optimiser import optimiser_with_schedule


class PropagationTraining(L.LightningModule):
    """Optimises a propagation network on batches of clips."""

    def __init__(self, network: Stcn, *, config: PropagationTrainingConfig) -> None:
        super().__init__()
        self.network = network
        self.config = config

    def training_step(self, batch: Clip, batch_idx: int) -> Tensor:
        """Return the mean loss of the predicted slices."""
        del batch_idx
        keys = self._keys(batch)
        predicted = self._carried(batch, keys, masks=_given_masks(batch), order=range(len(keys)))
        losses = [self._loss(one, batch.labels[:, t]) for t, one in enumerate(predicted, start=1)]
        loss = torch.stack(losses).mean()
        if self.config.cycle_weight > 0:
            cycle = self._cycle_loss(batch, keys, last=predicted[-1])
            self.log("cycle_loss", cycle)
            loss = loss + self.config.cycle_weight * cycle
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> Any:
        """Return the optimiser of the run and the schedule of its learning rate."""
        return optimiser_with_schedule(self.network, config=self.config)

    def predict_clip(self, batch: Clip) -> list[Tensor]:
        """Return the distribution (N + 1, B, S, S) over background and objects of every further slice."""
        keys = self._keys(batch)
        return self._carried(batch, keys, masks=_given_masks(batch), order=range(len(keys)))

    def _cycle_loss(self, batch: Clip, keys: Sequence[StcnKeys], *, last: Tensor) -> Tensor:
        """Return the loss on the first slice after the way back from the prediction of the last one.

        The way back knows nothing of the first slice but its image, so that it shows what was lost or gained.

        Parameters
        ----------
        last : distribution (N + 1, B, S, S) of the last slice
        """
        back = self._carried(batch, keys, masks=last[1:], order=range(len(keys) - 1, -1, -1))
        return self._loss(back[-1], batch.labels[:, 0])

    def _loss(self, distribution: Tensor, labels: Tensor) -> Tensor:
        share = 1.0 if self.global_step < self.config.warmup_steps else self.config.hardest_share
        return clip_loss(distribution, labels, hardest_share=share, dice_weight=self.config.dice_weight)

    def _keys(self, batch: Clip) -> list[StcnKeys]:
        return [self.network.encode_key(batch.frames[:, t]) for t in range(batch.frames.shape[1])]

    def _carried(
        self, batch: Clip, keys: Sequence[StcnKeys], *, masks: Tensor, order: Sequence[int]
    ) -> list[Tensor]:
        """Return the distributions (N + 1, B, S, S) of the slices in `order` but the first.

        Parameters
        ----------
        keys : of all slices of the clips
        masks : (N, B, S, S) in [0, 1], the objects on the first slice in `order`
        """
        memory_keys = [keys[order[0]].key]
        memory_values = [self._values(batch.frames[:, order[0]], keys[order[0]], masks)]
        predicted: list[Tensor] = []
        for t in order[1:]:
            memory_key = torch.stack(memory_keys, dim=2)  # (B, Ck, T, h, w)
            probability = torch.stack(
                [
                    self._decoded(memory_key, [values[n] for values in memory_values], keys[t])
                    for n in range(OBJECTS)
                ]
            )  # (N, B, S, S)
            present = torch.stack([torch.ones_like(batch.has_second), batch.has_second])
            distribution = soft_aggregate(probability * present[:, :, None, None])
            predicted.append(distribution)
            if t != order[-1]:
                memory_keys.append(keys[t].key)
                memory_values.append(self._values(batch.frames[:, t], keys[t], distribution[1:]))
        return predicted

    def _values(self, frame: Tensor, keys: StcnKeys, masks: Tensor) -> list[Tensor]:
        """Encode a slice with the masks (N, B, S, S) of its objects; (B, Cv, h, w) for each object."""
        total = masks.sum(dim=0)
        return [
            self.network.encode_value(frame, keys, mask=mask[:, None], others=(total - mask)[:, None])
            for mask in masks
        ]

    def _decoded(self, memory_key: Tensor, values: list[Tensor], keys: StcnKeys) -> Tensor:
        """Return the probability (B, S, S) of one object on the slice of `keys`."""
        read = read_memory(memory_key, torch.stack(values, dim=2), query_key=keys.key)
        return torch.sigmoid(self.network.decode(read, keys).float())[:, 0]


def _given_masks(batch: Clip) -> Tensor:
    """Return the masks of the objects on the first slices, (N, B, S, S)."""
    return torch.stack([batch.labels[:, 0] == n + 1 for n in range(OBJECTS)]).float()


def clip_loss(distribution: Tensor, labels: Tensor, *, hardest_share: float, dice_weight: float) -> Tensor:
    """Return cross-entropy of the hardest pixels plus weighted soft Dice loss, mean over clips.

    Parameters
    ----------
    distribution : (N + 1, B, S, S), background first, sums to 1 over the first axis
    labels : int64, (B, S, S), 0 to N
    hardest_share : share of the pixels of largest loss that count, in (0, 1]

    Source: bootstrapped cross-entropy of STCN (Cheng et al. 2021).
    """
    true_chance = distribution.gather(0, labels[None])[0]  # (B, S, S)
    cross_entropy = -true_chance.clamp(min=1e-7).log().flatten(1)
    count = max(1, round(hardest_share * cross_entropy.shape[1]))
    hardest = cross_entropy.topk(count, dim=1).values.mean()
    objects = distribution[1:]  # (N, B, S, S)
    truth = F.one_hot(labels, len(distribution)).permute(3, 0, 1, 2)[1:].float()
    shared = (objects * truth).sum(dim=(2, 3))
    total = objects.sum(dim=(2, 3)) + truth.sum(dim=(2, 3))
    return hardest + dice_weight * (1 - (2 * shared + 1) / (total + 1)).mean()
