"""`isegformer evaluate`: how good is it, on your own data or on a published set?"""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import evaluate_compare, options

app = typer.Typer(help="Measure networks and other methods on labelled data.", no_args_is_help=True)
app.command("compare")(evaluate_compare.compare)

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


@app.command("clicks")
def clicks(
    paths: Paths,
    *,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights",
            metavar="NAME_OR_PATH",
            help="Weights of a click network, again for several.",
            show_default=options.DEFAULT_CLICK_WEIGHTS,
        ),
    ] = None,
    peers: Annotated[
        list[str] | None,
        typer.Option(
            "--peers", metavar="NAME", help="Another method, again for several.", show_default=False
        ),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="NAME", help="Who clicks, again for several.", show_default="centre"),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(
            "--protocol",
            metavar="NAME",
            help="own: as the weights say; ritm-400, ritm-600: as published, mirrored averaging included.",
        ),
    ] = "own",
    form: Annotated[
        str | None,
        typer.Option(
            "--form", metavar="NAME", help="Form of the folders, see docs/datasets.md.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str, typer.Option("--split", metavar="NAME", help="Split of forms that bring their own.")
    ] = "val",
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--cases",
            metavar="INDEX:SPLIT",
            help="Only the cases of a split in an index.json, again for other folders.",
            show_default=False,
        ),
    ] = None,
    axis: Annotated[
        int | None,
        typer.Option(
            "--axis",
            min=0,
            max=2,
            help="Axis across which volumes are cut; the one with the coarsest spacing by default.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="I,J,...",
            help="Slices of volumes; each object's largest by default.",
            show_default=False,
        ),
    ] = "",
    labels: Annotated[
        str, typer.Option("--labels", metavar="A,B,...", help="Only these label values.", show_default=False)
    ] = "",
    ignored_label: Annotated[
        int | None,
        typer.Option(
            "--ignored-label", metavar="A", help="Value of pixels without a known class.", show_default=False
        ),
    ] = None,
    least_area: Annotated[
        int, typer.Option("--least-area", min=1, metavar="PX", help="Smaller objects do not count.")
    ] = 1,
    objects: Annotated[
        options.Objects,
        typer.Option("--objects", help="all, or the last of every image, as the published code counts."),
    ] = options.Objects.ALL,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, metavar="N", help="N objects of each folder, drawn.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn.")] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Processes.", show_default="1")
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, metavar="N", help="Of each process.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Ray cluster, or local to start one; needs the extra ray.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FOLDER", help="Keep every record there as it comes.", show_default=False
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the records in --output.")] = False,
    device: options.Device = "auto",
    report: ReportFile = None,
    csv: CsvFile = None,
    json: JsonFile = None,
) -> None:
    """Count the clicks that networks need until a mask is good enough.

    A simulated user clicks on every object of the folders. Cases that fail are named and counted, the others
    go on; the exit code is then 1.
    """
    from isegformer.cli.evaluate_clicks_run import ClicksRequest, ClicksRun, run_evaluate_clicks
    from isegformer.cli.evaluation_output import CaseViews

    if resume and output is None:
        raise typer.BadParameter("--resume needs the folder to go on with: --output FOLDER")
    request = ClicksRequest(
        paths=tuple(paths),
        weights=tuple(weights or [options.DEFAULT_CLICK_WEIGHTS]),
        peers=tuple(peers or ()),
        users=tuple(user or ["centre"]),
        protocol=protocol,
        form=form,
        split=split,
        case_lists=tuple(cases or ()),
        axis=axis,
        at=_numbers(at, "--at"),
        labels=_numbers(labels, "--labels"),
        ignored_label=ignored_label,
        least_area_px=least_area,
        only_last=objects is options.Objects.LAST,
        limit=limit,
        seed=seed,
        threads=threads,
        device=device,
    )
    run = ClicksRun(
        workers=workers,
        ray=ray,
        output=output,
        is_resumed=resume,
        json_file=json,
        views=CaseViews(report=report, csv=csv),
    )
    run_evaluate_clicks(request, run)


def _numbers(text: str, option: str) -> tuple[int, ...]:
    """Return whole numbers that commas separate."""
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise typer.BadParameter(f"{option} is {text!r}, expected whole numbers such as 1,3,5") from error
