"""Group norm as ONNX operators that stay exact on large slices.

The exporter writes it as an instance norm over all values of a group, which ONNX Runtime sums up one after
the other in single precision: on 400 x 400 px that is 1e-4 of the largest answer. Means of means, axis by
axis, are sums of few terms each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.onnx import symbolic_helper, utils

OPERATOR = "aten::group_norm"


@contextmanager
def exact_group_norms(opset: int) -> Iterator[None]:
    """Let `torch.onnx.export` write group norms so, within the block."""
    utils.register_custom_op_symbolic(OPERATOR, _group_norm, opset)
    try:
        yield
    finally:
        utils.unregister_custom_op_symbolic(OPERATOR, opset)


@symbolic_helper.parse_args("v", "i", "v", "v", "f", "b")
def _group_norm(g: Any, values: Any, groups: int, weight: Any, bias: Any, eps: float, _: bool) -> Any:  # noqa: PLR0917  PyTorch's order
    """Return the node for (B, C, H, W), normalised over the channels of each group and all pixels."""
    (channels,) = weight.type().sizes()
    in_group = channels // groups

    def mean(of: Any) -> Any:
        """Return the node for the means of groups, (B, C, 1, 1)."""
        of_channels = g.op("ReduceMean", g.op("ReduceMean", of, axes_i=[3]), axes_i=[2])
        grouped = g.op("Reshape", of_channels, _constant(g, [-1, groups, in_group]))
        of_groups = g.op("ReduceMean", grouped, axes_i=[2])
        spread_out = g.op("Mul", of_groups, _constant(g, [[[1.0] * in_group]]))
        return g.op("Reshape", spread_out, _constant(g, [-1, channels, 1, 1]))

    centred = g.op("Sub", values, mean(values))
    variance = mean(g.op("Mul", centred, centred))
    deviation = g.op("Sqrt", g.op("Add", variance, _constant(g, eps)))
    scale, shift = (g.op("Reshape", one, _constant(g, [1, channels, 1, 1])) for one in (weight, bias))
    return g.op("Add", g.op("Mul", g.op("Div", centred, deviation), scale), shift)


def _constant(g: Any, numbers: Any) -> Any:
    return g.op("Constant", value_t=torch.tensor(numbers))
