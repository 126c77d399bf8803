from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from isegformer.training.transfer import on_device, pinned


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A tensor, and something that is none."""

    image: Tensor
    names: tuple[str, ...]


def test_tensors_move_and_the_rest_stays():
    pair = Pair(image=torch.ones(2, 3), names=("a", "b"))
    moved = on_device(pair, torch.device("meta"))
    assert (moved.image.device.type, moved.image.shape, moved.names) == ("meta", (2, 3), ("a", "b"))
    assert pair.image.device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_pinned_tensors_reach_the_gpu_unchanged():
    pair = pinned(Pair(image=torch.arange(6.0), names=()))
    assert pair.image.is_pinned()
    assert on_device(pair, torch.device("cuda")).image.cpu().tolist() == [0, 1, 2, 3, 4, 5]
