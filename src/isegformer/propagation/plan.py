"""Which passes a round consists of, from the indices of the annotated slices alone."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum


class Joining(Enum):
    """What a pass does with the probabilities that are stored on a slice."""

    REPLACE = "replace"
    """No annotated slice at the far end, or its own pass comes later: the stored result counts no more."""

    FUSE = "fuse"
    """The far end was annotated in an earlier round: new and stored result are fused."""

    BLEND = "blend"
    """The pass of this round from the far end has just been stored: both count by distance."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A walk from a newly annotated slice to the next annotated one, exclusive, or to the end."""

    start: int
    step: int
    """+1 forward, -1 backward."""

    stop: int
    """The first slice that is not visited."""

    far: int | None
    """The annotated slice at the far end, the same as `stop`; None: the pass runs to the end."""

    joining: Joining

    @property
    def indices(self) -> range:
        """The slices that the pass visits, in order."""
        return range(self.start + self.step, self.stop, self.step)

    def far_share(self, index: int) -> float:
        """Return the distance from `index` to the far end over that from the start to it: 1 at the start."""
        assert self.far is not None
        return abs(self.far - index) / abs(self.far - self.start)


def plan_round(new: Collection[int], annotated: Collection[int], *, n_slices: int) -> list[Pass]:
    """Return the passes of a round in the order in which they run.

    For each new slice in ascending order: forward, then backward. So between two new slices the forward pass
    of the lower one is stored when the backward pass of the higher one blends with it.

    Parameters
    ----------
    new : indices annotated in this round
    annotated : indices annotated so far, with or without the new ones
    n_slices : number of slices of the volume
    """
    everything = sorted({*new, *annotated})
    passes = []
    for index in sorted(set(new)):
        after = min((other for other in everything if other > index), default=None)
        before = max((other for other in everything if other < index), default=None)
        passes.append(_pass(index, far=after, end=n_slices, new=new))
        passes.append(_pass(index, far=before, end=-1, new=new))
    return [one for one in passes if len(one.indices)]


def _pass(start: int, *, far: int | None, end: int, new: Collection[int]) -> Pass:
    step = 1 if end > start else -1
    if far is None:
        joining = Joining.REPLACE
    elif far in new:
        joining = Joining.REPLACE if step > 0 else Joining.BLEND
    else:
        joining = Joining.FUSE
    return Pass(start=start, step=step, stop=end if far is None else far, far=far, joining=joining)
