"""`isegformer info`: facts about a volume or a weights file, and about what computes networks here."""

from typing import Annotated

import typer

from isegformer.cli import options


def info(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]", help="A volume (file or folder) or a weights file.", show_default=False
        ),
    ] = None,
    *,
    spacing: options.Spacing = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights", metavar="NAME_OR_PATH", help="Tell about these weights, too.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device", metavar="DEVICE", help="Check that this device is here.", show_default=False
        ),
    ] = None,
    runtime: Annotated[
        bool,
        typer.Option(
            "--runtime",
            help="Try every way to compute the bundled networks, or --weights, and tell which is chosen and "
            "why; the first time compiles them.",
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Tell shape, spacing, axis codes, values and hash of a volume, or the network of a weights file."""
    from rich.console import Group

    from isegformer.cli.file_facts import file_facts, weights_facts
    from isegformer.cli.reporter import Reporter, facts_table

    if file is None and not runtime:
        raise typer.BadParameter("nothing to tell about; name a FILE, or ask for --runtime")
    record = {} if file is None else file_facts(file, spacing_mm=spacing)
    if weights is not None:
        record["weights"] = weights_facts(weights)
    if device is not None or runtime:
        from isegformer.cli.networks import choose_device

        record["device"] = choose_device(device or "auto")
    reporter = Reporter(is_json=json)
    if not runtime:
        reporter.result(record)
        return

    from isegformer.cli.runtime_facts import runtime_facts, runtime_table

    names = (options.DEFAULT_CLICK_WEIGHTS, options.DEFAULT_PROPAGATION_WEIGHTS)
    facts = runtime_facts((weights,) if weights else names, device=record["device"])
    view = Group(facts_table(record), runtime_table(facts))
    reporter.result({**record, "runtime": facts}, view=view)
