"""Training of a click network as a Lightning module.

Every sample starts from sampled clicks, or from a flawed mask and a click on its error. Rounds without
gradient then predict, add one perturbed click in the larger error, and hand the prediction on as previous
mask; rounds with a loss follow in the same way.

All samples of an optimiser step go through the same number of rounds, and the clicks of a sample depend on
that sample alone: however a step is shared out, among batches or among processes, it is the same step.

Source: RITM (Sofiiuk et al. 2022), iterative training; iSegFormer (2022), section 3.3; Sun et al. 2024
(CFR-ICL), a loss after every click.
"""

from collections.abc import Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from isegformer.clicks import Click, click_positions, encode_disks, perturbed_next_click
from isegformer.interaction import THRESHOLD
from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.training.click_samples import ROUND_STREAM, STEP_STREAM, ClickBatch
from isegformer.training.config import ClickTrainingConfig
from isegformer.training.losses import normalised_focal_loss, soft_dice_loss
from isegformer.training.norms import evaluation_mode
from isegformer.training.optimiser import optimiser_with_schedule


class ClickTraining(L.LightningModule):
    """Optimises a click network on batches of `ClickBatch`."""

    def __init__(self, network: ClickSegmenter, *, config: ClickTrainingConfig) -> None:
        super().__init__()
        self.network = network
        self.config = config

    def training_step(self, batch: ClickBatch, batch_idx: int) -> Tensor:
        """Return the mean loss of `loss_rounds` rounds, after 0 to `most_rounds` rounds without gradient."""
        del batch_idx  # starts anew when a run is resumed; numbers of samples and steps do not
        rngs = [np.random.default_rng((self.config.seed, ROUND_STREAM, number)) for number in batch.numbers]
        clicks = [list(group) for group in batch.clicks]
        before = batch.given
        for _ in range(self._free_rounds()):
            before = self._predicted(batch, clicks, before)
            self._correct(batch, clicks, before, rngs=rngs)
        losses = []
        for number in range(self.config.loss_rounds):
            if number:
                self._correct(batch, clicks, before, rngs=rngs)
            outputs = self.network.forward_all(batch.image, self._hint(batch, clicks, before))
            losses.append(self._loss(outputs, batch))
            before = torch.sigmoid(outputs[0].detach().float())
        loss = torch.stack(losses).mean()
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> Any:
        """Return the optimiser of the run and the schedule of its learning rate."""
        return optimiser_with_schedule(self.network, config=self.config)

    def _free_rounds(self) -> int:
        """Draw the number of rounds without gradient of this optimiser step."""
        rng = np.random.default_rng((self.config.seed, STEP_STREAM, self.global_step))
        if rng.random() < self.config.fresh_share:
            return 0
        return int(rng.integers(self.config.most_rounds + 1))

    def _predicted(self, batch: ClickBatch, clicks: Sequence[Sequence[Click]], before: Tensor) -> Tensor:
        """Return the probability (B, 1, H, W) that the network gives in use, without gradient."""
        with evaluation_mode(self.network), torch.no_grad():
            logits = self.network(batch.image, self._hint(batch, clicks, before))
        return torch.sigmoid(logits.float())

    def _correct(
        self,
        batch: ClickBatch,
        clicks: Sequence[list[Click]],
        probability: Tensor,
        *,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        """Append a click in the larger error to every list, but now and then none."""
        masks = (probability > THRESHOLD).cpu().numpy()
        targets, ignored = batch.target.cpu().numpy(), batch.ignored.cpu().numpy()
        for number, (group, rng) in enumerate(zip(clicks, rngs, strict=True)):
            if rng.random() < self.config.look_again_share:
                continue
            click = perturbed_next_click(
                masks[number, 0],
                targets[number, 0],
                rng=rng,
                ignored=ignored[number, 0],
                least_depth=rng.uniform(*self.config.correction_depth),
            )
            if click is not None:
                group.append(click)

    def _hint(self, batch: ClickBatch, clicks: Sequence[Sequence[Click]], before: Tensor) -> Tensor:
        """Return previous probability and click maps, (B, 3, H, W)."""
        height, width = (int(n) for n in batch.image.shape[-2:])
        radius = self.network.click_radius_px
        maps = [encode_disks(click_positions(group), (height, width), radius_px=radius) for group in clicks]
        return torch.cat([before, torch.from_numpy(np.stack(maps)).to(before)], dim=1)

    def _loss(self, outputs: Sequence[Tensor], batch: ClickBatch) -> Tensor:
        main, *auxiliary = (output.float() for output in outputs)
        loss = normalised_focal_loss(
            main,
            batch.target,
            ignored=batch.ignored,
            alpha=self.config.focal_alpha,
            gamma=self.config.focal_gamma,
        )
        if self.config.dice_weight:
            loss = loss + self.config.dice_weight * soft_dice_loss(main, batch.target, ignored=batch.ignored)
        for output in auxiliary:
            cross_entropy = F.binary_cross_entropy_with_logits(
                output, batch.target.float(), weight=(~batch.ignored).float()
            )
            loss = loss + self.config.auxiliary_weight * cross_entropy
        return loss
