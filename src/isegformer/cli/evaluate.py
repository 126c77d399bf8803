"""`isegformer evaluate`: how good is it, on your own data or on a published set?"""

from typing import Annotated

import typer

from isegformer.cli import evaluate_compare, evaluate_options, evaluate_volumes, options

app = typer.Typer(help="Measure networks and other methods on labelled data.", no_args_is_help=True)
app.command("volumes")(evaluate_volumes.volumes)
app.command("compare")(evaluate_compare.compare)


@app.command("clicks")
def clicks(
    paths: evaluate_options.Paths,
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
    form: evaluate_options.Form = None,
    split: evaluate_options.Split = "val",
    cases: evaluate_options.CaseLists = None,
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
    labels: evaluate_options.LabelValues = "",
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
    limit: evaluate_options.Limit = None,
    seed: evaluate_options.Seed = 0,
    workers: evaluate_options.Workers = None,
    threads: evaluate_options.Threads = 1,
    ray: evaluate_options.Ray = None,
    output: evaluate_options.Output = None,
    resume: evaluate_options.Resume = False,
    device: options.Device = "auto",
    runtime: options.Runtime = "pytorch",
    report: evaluate_options.ReportFile = None,
    csv: evaluate_options.CsvFile = None,
    json: evaluate_options.JsonFile = None,
) -> None:
    """Count the clicks that networks need until a mask is good enough.

    A simulated user clicks on every object of the folders. Cases that fail are named and counted, the others
    go on; the exit code is then 1.
    """
    from isegformer.cli.evaluate_clicks_run import ClicksRequest, run_evaluate_clicks
    from isegformer.cli.evaluation_output import CaseViews
    from isegformer.cli.evaluation_run import EvaluationRun

    evaluate_options.check_resume(resume, output=output)
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
        at=evaluate_options.numbers(at, "--at"),
        labels=evaluate_options.numbers(labels, "--labels"),
        ignored_label=ignored_label,
        least_area_px=least_area,
        only_last=objects is options.Objects.LAST,
        limit=limit,
        seed=seed,
        threads=threads,
        device=device,
        runtime=runtime,
    )
    run = EvaluationRun(
        workers=workers,
        ray=ray,
        output=output,
        is_resumed=resume,
        json_file=json,
        views=CaseViews(report=report, csv=csv),
    )
    run_evaluate_clicks(request, run)
