import numpy as np
import pytest
import torch

from isegformer.deployment.check import Comparison, compare
from isegformer.deployment.graph import Deployable, Graph, Port
from isegformer.errors import DeploymentError


class Double(torch.nn.Module):
    def forward(self, x):
        return 2 * x


DOUBLE = Deployable(
    graphs=(
        Graph(
            name="double",
            module=Double(),
            inputs=(Port(name="x", axes=("n",)),),
            outputs=(Port(name="y", axes=("n",)),),
        ),
    ),
    size_multiple=1,
    settings={},
    sample=lambda image, count: {"double": (image.mean() * torch.arange(1.0, count + 1),)},
)
SLICES = [torch.full((4, 6), 5.0), torch.full((3, 2), 0.1)]


def test_differences_are_relative_to_the_largest_value_or_one():
    found = compare(DOUBLE, {"double": lambda inputs: [2 * inputs[0] + np.float32(5e-5)]}, SLICES)
    assert [(one.height, one.width, one.batch) for one in found] == [(4, 6, 1), (3, 2, 3)]
    assert isinstance(found[0], Comparison)
    assert found[0].difference == pytest.approx(5e-6, rel=0.1)  # of 10
    assert found[1].difference == pytest.approx(5e-5, rel=0.1)  # 0.6 is below 1


@pytest.mark.parametrize(
    ("runner", "reason"),
    [
        (
            lambda inputs: [2.1 * inputs[0]],
            "y of the exported double for 1 on 4 x 6 px differs from PyTorch's",
        ),
        (lambda inputs: [np.full_like(inputs[0], np.nan)], "differs from PyTorch's by nan"),
        (lambda inputs: [inputs[0][None]], r"has shape \(1, 1\), not \(1,\)"),
        (lambda _inputs: 1 / 0, "the exported double for 1 on 4 x 6 px fails: division by zero"),
    ],
)
def test_another_answer_is_an_error_that_says_where(runner, reason):
    with pytest.raises(DeploymentError, match=reason):
        compare(DOUBLE, {"double": runner}, SLICES)
