"""`isegformer info`: facts about a volume or a weights file."""

from typing import Annotated

import typer

from isegformer.cli import options


def info(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A volume (file or folder) or a weights file.", show_default=False
        ),
    ],
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
    json: options.Json = False,
) -> None:
    """Tell shape, spacing, axis codes, values and hash of a volume, or the network of a weights file."""
    from isegformer.cli.file_facts import file_facts, weights_facts
    from isegformer.cli.reporter import Reporter

    record = file_facts(file, spacing_mm=spacing)
    if weights is not None:
        record["weights"] = weights_facts(weights)
    if device is not None:
        from isegformer.cli.networks import choose_device

        record["device"] = choose_device(device)
    Reporter(is_json=json).result(record)
