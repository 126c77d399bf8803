"""Options that the evaluations have in common. Nothing heavy may be imported here: --help reads it."""

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help="Data folders: images/ and labels/, or *_image.nii.gz and *_label.nii.gz; others with --form.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
Form = Annotated[
    str | None,
    typer.Option(
        "--form", metavar="NAME", help="Form of the folders, see docs/datasets.md.", show_default=False
    ),
]
Split = Annotated[str, typer.Option("--split", metavar="NAME", help="Split of forms that bring their own.")]
CaseLists = Annotated[
    list[str] | None,
    typer.Option(
        "--cases",
        metavar="INDEX:SPLIT",
        help="Only the cases of a split in an index.json, again for other folders.",
        show_default=False,
    ),
]
LabelValues = Annotated[
    str, typer.Option("--labels", metavar="A,B,...", help="Only these label values.", show_default=False)
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="N objects of each folder, drawn.", show_default=False),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, metavar="N", help="Processes.", show_default="1")
]
Threads = Annotated[int, typer.Option("--threads", min=1, metavar="N", help="Of each process.")]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Ray cluster, or local to start one; needs the extra ray.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="FOLDER", help="Keep every record there as it comes.", show_default=False
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the records in --output.")]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the results there; - prints them.", show_default=False
    ),
]

ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write a page with tables, curves and pictures; needs the extra evaluate.",
        show_default=False,
    ),
]
CsvFile = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE.csv", help="Write one line per case.", show_default=False),
]


def numbers(text: str, option: str) -> tuple[int, ...]:
    """Return whole numbers that commas separate; BadParameter names the option."""
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise typer.BadParameter(f"{option} is {text!r}, expected whole numbers such as 1,3,5") from error


def names(texts: list[str] | None) -> tuple[str, ...]:
    """Return names that commas separate, or that come with an option of their own each."""
    return tuple(name for text in texts or () for name in text.split(",") if name)


def check_resume(is_resumed: bool, *, output: Path | None) -> None:
    """Raise BadParameter where there is no folder to go on with."""
    if is_resumed and output is None:
        raise typer.BadParameter("--resume needs the folder to go on with: --output FOLDER")
