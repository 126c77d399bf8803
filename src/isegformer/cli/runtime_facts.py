"""What computes networks on this computer, and why, as records ready for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from rich.table import Table

from isegformer.errors import ConfigError
from isegformer.models import ClickSegmenter, Stcn, load
from isegformer.runtimes import AUTO, EAGER, ORDER, RUNTIMES, Prepared, prepare_clicks, prepare_propagation


def runtime_facts(weights: Sequence[str], *, device: str) -> dict[str, Any]:
    """Return for every name or file of weights which runtime is chosen, and what each said.

    Raises
    ------
    ConfigError : weights that are neither of a click network nor of a propagation network
    WeightsNotFoundError, CheckpointError : as for `models.load`
    """
    return {name: _of_weights(name, device=device) for name in weights}


def runtime_table(facts: Mapping[str, Any]) -> Table:
    """Return `runtime_facts` for a person."""
    table = Table("weights", "runtime", "what its self-check said", box=None, pad_edge=False)
    (order,) = {", ".join(found["order"]) for found in facts.values()}
    table.caption = f"chosen: the first of {order} that works; --runtime takes another"
    table.caption_justify = "left"
    for name, found in facts.items():
        for runtime, verdict in found["verdicts"].items():
            chosen = " (chosen)" if runtime == found["chosen"] else ""
            table.add_row(name, f"{runtime}{chosen}", verdict)
    return table


def _of_weights(name: str, *, device: str) -> dict[str, Any]:
    order = ORDER.get(device.partition(":")[0], (EAGER,))
    others = [runtime for runtime in RUNTIMES if runtime not in order]
    return {
        "chosen": _prepared(name, runtime=AUTO, device=device).runtime,
        "order": list(order),
        "verdicts": {
            runtime: _verdict(name, runtime=runtime, device=device) for runtime in (*order, *others)
        },
    }


def _verdict(name: str, *, runtime: str, device: str) -> str:
    """Return how far a runtime is from eager PyTorch, or why it does not work."""
    missing = RUNTIMES[runtime]().missing(torch.device(device))
    if missing is not None:
        return f"not here: {missing}"
    try:
        trial = _prepared(name, runtime=runtime, device=device).trials[-1]
    except ConfigError as error:
        return str(error)
    quantity = RUNTIMES[runtime]().tolerance.quantity
    return f"works; {quantity} to eager PyTorch {trial.difference:.2g}"


def _prepared(name: str, *, runtime: str, device: str) -> Prepared[Any]:
    network = load(name, device=device)
    if isinstance(network, ClickSegmenter):
        return prepare_clicks(network, runtime=runtime)
    if isinstance(network, Stcn):
        return prepare_propagation(network, runtime=runtime)
    raise ConfigError(f"weights {name!r} hold a fusion network, expected a click or propagation network")
