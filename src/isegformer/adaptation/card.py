"""The card of adapted weights: what they were made of, and what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from isegformer.adaptation.early_stopping import Leg


@dataclass(frozen=True, kw_only=True)
class AdaptationRecord:
    """Everything that a card says."""

    name: str
    kind: str
    """"click" or "propagation"."""
    start_from: str
    """The weights that were started from."""
    start_sha256: str
    train_cases: Sequence[str]
    validation_cases: Sequence[str]
    measure: str
    """What validation measured, in words and with its unit."""
    higher_is_better: bool
    before: float
    after: float
    items: int
    """Things that validation measured on."""
    legs: Sequence[Leg]
    seconds: float
    """Time of training and validation."""
    hardware: str
    seed: int


def card_text(record: AdaptationRecord) -> str:
    """Return the card in Markdown."""
    chosen = min(record.legs, key=lambda leg: (leg.loss, leg.step))
    rows = "\n".join(f"| {leg.step} | {_shown(leg, record):.3f} |" for leg in record.legs)
    return f"""# {record.name}

Weights of a {record.kind} network, adapted from `{record.start_from}` (SHA-256 {record.start_sha256}).

- **Data:** {len(record.train_cases)} cases to learn from ({_listed(record.train_cases)}), \
{len(record.validation_cases)} to check on ({_listed(record.validation_cases)}). They are the user's;
  their terms hold for these weights too, beside those of the weights that were started from.
- **Time and hardware:** {record.seconds / 60:.1f} minutes on {record.hardware}, seed {record.seed}.

## Measured

{record.measure}, on {record.items} items of the cases to check on: {record.before:.3f} before, \
{record.after:.3f} after {chosen.step} steps. The step was chosen on the same cases, so expect a little less
on new ones.

| step | {record.measure} |
|---|---|
{rows}
"""


def _shown(leg: Leg, record: AdaptationRecord) -> float:
    return 1 - leg.loss if record.higher_is_better else leg.loss


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
