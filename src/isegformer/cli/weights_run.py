"""What `isegformer weights` does; apart from its commands so that `--help` imports nothing heavy."""

import dataclasses

from rich.table import Table

from isegformer.cli.file_facts import weights_facts
from isegformer.cli.networks import choose_device
from isegformer.cli.reporter import Reporter
from isegformer.errors import WeightsNotFoundError
from isegformer.models import WeightsEntry, available, load
from isegformer.models import fetch as fetch_file


def list_weights(*, only: str | None, reporter: Reporter) -> None:
    """Report the named weights; raises WeightsNotFoundError where `only` is not one of them."""
    entries = [entry for entry in available() if only in (None, entry.name)]
    if only is not None and not entries:
        known = ", ".join(entry.name for entry in available()) or "none"
        raise WeightsNotFoundError(f"no weights are called {only!r}, expected one of: {known}")
    record = {"weights": [dataclasses.asdict(entry) for entry in entries]}
    reporter.result(record, view=_entries_table(entries))


def fetch_weights(name: str, *, device: str | None, reporter: Reporter) -> None:
    """Report where the file of named weights lies, downloaded where needed."""
    path = fetch_file(name)
    record = {"weights": name, "path": str(path)}
    reporter.result({**record, **_trial(name, device)})


def inspect_weights(name: str, *, device: str | None, reporter: Reporter) -> None:
    """Report what weights hold."""
    record = {"weights": name, **weights_facts(name)}
    reporter.result({**record, **_trial(name, device)})


def _trial(name: str, device: str | None) -> dict[str, str]:
    """Load a network on a device, if one is given; an error says why it does not fit."""
    if device is None:
        return {}
    chosen = choose_device(device)
    load(name, device=chosen)
    return {"loaded_on": chosen}


def _entries_table(entries: list[WeightsEntry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("name", "kind", "architecture", "where", "licence"):
        table.add_column(title)
    for entry in entries:
        table.add_row(entry.name, entry.kind, entry.architecture, _where(entry), entry.licence)
    return table


def _where(entry: WeightsEntry) -> str:
    if entry.own:
        return "your own"
    return "bundled" if entry.bundled else "download" if entry.url else "get it yourself"
