"""How clicks are measured: thresholds, and the settings of prediction by the name of a protocol.

Source: RITM (Sofiiuk et al. 2022) and iSegFormer (2022), their published evaluation code.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from isegformer.errors import ConfigError
from isegformer.interaction import PredictorConfig, ZoomConfig

THRESHOLDS = (0.80, 0.85, 0.90, 0.95)
"""IoUs to reach. Clicking ends at the largest; later IoUs of that object count as the one that it had."""

OWN = "own"
"""The settings that travel with the weights, which are those of every other command."""


def _as_they_are(settings: PredictorConfig) -> PredictorConfig:
    return settings


def _ritm(side_px: int) -> Callable[[PredictorConfig], PredictorConfig]:
    """Return the published settings: zoom-in to `side_px` from the second click on, mirrored averaging."""
    published = PredictorConfig(zoom=ZoomConfig(side_px=side_px), mirror=True)
    return lambda settings: published


PROTOCOLS: Mapping[str, Callable[[PredictorConfig], PredictorConfig]] = MappingProxyType(
    {
        OWN: _as_they_are,
        "ritm": _ritm(400),
        "ritm-400": _ritm(400),
        "ritm-600": _ritm(600),
    }
)
"""From the settings that travel with weights to those that are measured with. The published numbers are made
with 400 px, and 600 px on DAVIS; `ritm` is the first of them."""


def check_known(kind: str, name: str, *, known: Collection[str]) -> None:
    """Raise ConfigError, which lists what is known of this kind, unless `name` is."""
    if name not in known:
        raise ConfigError(f"{kind} is {name!r}, expected one of: {', '.join(known) or 'none'}")


def threshold_name(threshold: float) -> str:
    """Return an IoU as results call it.

    Examples
    --------
    >>> threshold_name(0.85)
    '85'
    """
    return f"{threshold * 100:.0f}"
