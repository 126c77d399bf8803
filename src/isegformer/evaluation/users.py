"""Simulated users by name: who clicks when networks and peers are measured.

`centre` clicks the centre of the largest error, as published numbers do; `human` clicks as people do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np

from isegformer.clicks import Click, HumanClickConfig, human_next_click, next_click
from isegformer.types import Mask


class SimulatedClicker(Protocol):
    """Somebody who looks at a mask and clicks where it is wrong."""

    def next(
        self,
        mask: Mask,
        target: Mask,
        *,
        clicked: Sequence[Click],
        ignored: Mask | None,
        rng: np.random.Generator,
    ) -> Click | None:
        """Return the next click, or None where nothing that can be clicked is wrong.

        Parameters
        ----------
        mask, target : bool, (H, W), what there is and what there should be
        clicked : clicks made so far on this slice, which are not made again
        ignored : bool, (H, W), pixels without a known label, which are not clicked; None: all are known
        rng : source of all chance
        """
        ...


@dataclass(frozen=True)
class CentreClicker:
    """Clicks the centre of the largest error; leaves nothing to chance."""

    def next(
        self,
        mask: Mask,
        target: Mask,
        *,
        clicked: Sequence[Click],
        ignored: Mask | None,
        rng: np.random.Generator,
    ) -> Click | None:
        """Return the next click, as `SimulatedClicker.next`."""
        return next_click(mask, target, clicked=clicked, ignored=ignored)


@dataclass(frozen=True, kw_only=True)
class HumanClicker:
    """Clicks as people do; see `isegformer.clicks.human`."""

    config: HumanClickConfig = field(default_factory=HumanClickConfig)

    def next(
        self,
        mask: Mask,
        target: Mask,
        *,
        clicked: Sequence[Click],
        ignored: Mask | None,
        rng: np.random.Generator,
    ) -> Click | None:
        """Return the next click, as `SimulatedClicker.next`."""
        return human_next_click(mask, target, clicked=clicked, ignored=ignored, rng=rng, config=self.config)


USERS: Mapping[str, SimulatedClicker] = MappingProxyType({"centre": CentreClicker(), "human": HumanClicker()})
"""Every simulated user by its name."""
