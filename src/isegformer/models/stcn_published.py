"""Published state dicts of STCN and its fusion network -> our networks.

Only names differ; `STCN_RENAMES` and `FUSION_RENAMES` are the whole difference.
"""

from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor, nn

from isegformer.errors import CheckpointError
from isegformer.models.fusion import FusionNetwork
from isegformer.models.stcn import Stcn
from isegformer.models.stcn_config import STCN_PUBLISHED

STCN_RENAMES = (
    ("key_encoder.res2.", "key_encoder.layer1."),
    ("key_proj.key_proj.", "key_proj."),
    ("value_encoder.fuser.attention.ChannelGate.mlp.1.", "value_fuser.attention.channel.hidden."),
    ("value_encoder.fuser.attention.ChannelGate.mlp.3.", "value_fuser.attention.channel.out."),
    ("value_encoder.fuser.attention.SpatialGate.spatial.conv.", "value_fuser.attention.spatial."),
    ("value_encoder.fuser.", "value_fuser."),
    ("decoder.up_16_8.", "decoder.ups.0."),
    ("decoder.up_8_4.", "decoder.ups.1."),
)
"""Published prefix -> our prefix; the first that fits counts."""

FUSION_RENAMES = (
    ("conv1.0.", "stem."),
    ("conv2.", "residual1."),
    ("conv3.", "residual2."),
    ("final_conv.", "head."),
)

NetworkT = TypeVar("NetworkT", bound=nn.Module)


def stcn_from_published(state: Mapping[str, Tensor]) -> Stcn:
    """Return the published STCN in evaluation mode, from the content of `stcn.pth`.

    Raises
    ------
    CheckpointError : parameters are missing, unexpected or of another shape; the message lists them
    """
    return _load(Stcn(STCN_PUBLISHED), _renamed(state, STCN_RENAMES), what="STCN")


def fusion_from_published(state: Mapping[str, Tensor]) -> FusionNetwork:
    """Return the published fusion network in evaluation mode, from the content of `fusion_stcn.pth`.

    Raises
    ------
    CheckpointError : parameters are missing, unexpected or of another shape; the message lists them
    """
    return _load(FusionNetwork(), _renamed(state, FUSION_RENAMES), what="the fusion network")


def _renamed(state: Mapping[str, Tensor], renames: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    return {_rename(name, renames): value for name, value in state.items()}


def _rename(name: str, renames: tuple[tuple[str, str], ...]) -> str:
    for published, ours in renames:
        if name.startswith(published):
            return ours + name.removeprefix(published)
    return name


def _load(network: NetworkT, state: Mapping[str, Tensor], *, what: str) -> NetworkT:
    expected = network.state_dict()
    problems = [f"missing {name} {tuple(expected[name].shape)}" for name in expected if name not in state]
    problems += [f"unexpected {name} {tuple(state[name].shape)}" for name in state if name not in expected]
    problems += [
        f"{name} has shape {tuple(state[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if problems:
        raise CheckpointError(
            f"the state dict does not fit {what} ({len(problems)} differences; is it a checkpoint of another "
            f"network?): {'; '.join(problems)}"
        )
    network.load_state_dict(dict(state))
    return network.eval()
