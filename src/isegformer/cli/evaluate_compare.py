"""`isegformer evaluate compare`: is the second better than the first?"""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def compare(
    first: Annotated[
        Path,
        typer.Argument(
            metavar="A.json",
            help="Summary of an evaluation, or its --output folder; the records lie beside it.",
            exists=True,
            show_default=False,
        ),
    ],
    second: Annotated[
        Path,
        typer.Argument(metavar="B.json", help="What it is compared with.", exists=True, show_default=False),
    ],
    *,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write the comparison as a page; needs the extra evaluate.",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Compare two evaluations case by case: differences with 95 % intervals, over the cases of both."""
    from isegformer.cli.evaluate_compare_run import run_compare
    from isegformer.cli.extras import require_extra
    from isegformer.cli.reporter import Reporter

    if html is not None:
        require_extra("evaluate", modules=["jinja2"])
    run_compare(first, second, html=html, reporter=Reporter(is_json=json))
