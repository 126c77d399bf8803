"""`isegformer evaluate volumes`: how good is a volume when some slices are given?"""

from enum import StrEnum
from typing import Annotated

import typer

from isegformer.cli import evaluate_options, options

DEFAULT_SLICES = "1,3,5,10"
"""Those of the paper's Table 2."""

NO_PEERS = "none"


class Spread(StrEnum):
    """Where given slices lie."""

    INSIDE = "inside"
    """The outermost half a gap inside the ends of the object."""
    TO_ENDS = "to-ends"
    """On both ends of the object, and between."""


class Annotator(StrEnum):
    """How a robot user annotates a slice."""

    CLICKS = "clicks"
    TRUTH = "truth"


def volumes(
    paths: evaluate_options.Paths,
    *,
    slices: Annotated[
        str,
        typer.Option(
            "--slices",
            metavar="N,M,...",
            help="How many slices are given, spread over each object.",
            show_default=DEFAULT_SLICES,
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="I,J,...", help="Or these slices, the same for all objects.", show_default=False
        ),
    ] = "",
    spread: Annotated[
        Spread,
        typer.Option(
            "--spread", help="inside: the outermost half a gap within the object; to-ends: on its ends."
        ),
    ] = Spread.INSIDE,
    axis: Annotated[
        int | None,
        typer.Option(
            "--axis",
            min=0,
            max=2,
            help="Axis across which slices are given; the one with the coarsest spacing by default.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights",
            metavar="NAME_OR_PATH",
            help="Weights of a propagation network, again for several.",
            show_default=options.DEFAULT_PROPAGATION_WEIGHTS,
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            metavar="NAME,...",
            help="How labels get to the other slices: combined, stcn, interpolate.",
            show_default=options.DEFAULT_METHOD.value,
        ),
    ] = None,
    peers: Annotated[
        list[str] | None,
        typer.Option(
            "--peers",
            metavar="NAME,...",
            help="What others offer: signed-distance, morphological (extra itk), none; by default all that "
            "are installed.",
            show_default=False,
        ),
    ] = None,
    tolerance_mm: Annotated[
        float,
        typer.Option(
            "--tolerance-mm",
            min=0,
            help="Of the surface Dice: how far surfaces may lie apart and still agree.",
        ),
    ] = 1.0,
    robot: Annotated[
        list[str] | None,
        typer.Option(
            "--robot",
            metavar="STRATEGY",
            help="Also let a robot user click slice after slice, chosen so; again for several: suggested, "
            "suggested-in-extent, worst, even, random.",
            show_default=False,
        ),
    ] = None,
    annotator: Annotated[
        Annotator,
        typer.Option("--robot-annotator", help="clicks: with a click network; truth: slices are given."),
    ] = Annotator.CLICKS,
    click_weights: Annotated[
        str,
        typer.Option(
            "--click-weights", metavar="NAME_OR_PATH", help="Weights that answer the robot's clicks."
        ),
    ] = options.DEFAULT_CLICK_WEIGHTS,
    most_slices: Annotated[
        int, typer.Option("--robot-slices", min=1, metavar="N", help="Its budget: annotated slices.")
    ] = 10,
    most_clicks: Annotated[
        int, typer.Option("--robot-clicks", min=1, metavar="N", help="Its budget: clicks on an object.")
    ] = 200,
    enough_dice: Annotated[
        float, typer.Option("--robot-dice", metavar="DICE", help="It is content with this Dice.")
    ] = 0.95,
    form: evaluate_options.Form = None,
    split: evaluate_options.Split = "val",
    cases: evaluate_options.CaseLists = None,
    labels: evaluate_options.LabelValues = "",
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
    """Measure volumes of which some slices are given; needs the extra `evaluate`.

    Slices of each object come from its labels, the others are filled, and the whole is measured. With --robot
    a simulated user clicks them instead, looks at the result and goes on. Cases that fail are named and
    counted, the others go on; the exit code is then 1.
    """
    from isegformer.cli.extras import require_extra

    require_extra("evaluate", modules=("monai",))

    from isegformer.cli.evaluate_volumes_run import VolumesRequest, run_evaluate_volumes
    from isegformer.cli.evaluation_output import CaseViews
    from isegformer.cli.evaluation_run import EvaluationRun

    evaluate_options.check_resume(resume, output=output)
    asked = evaluate_options.names(peers)
    request = VolumesRequest(
        paths=tuple(paths),
        counts=evaluate_options.numbers(slices or ("" if at else DEFAULT_SLICES), "--slices"),
        at=evaluate_options.numbers(at, "--at"),
        spread=spread.value,
        axis=axis,
        weights=tuple(weights or [options.DEFAULT_PROPAGATION_WEIGHTS]),
        methods=evaluate_options.names(methods) or (options.DEFAULT_METHOD.value,),
        peers=None if not asked else tuple(name for name in asked if name != NO_PEERS),
        tolerance_mm=tolerance_mm,
        robots=evaluate_options.names(robot),
        annotator=annotator.value,
        click_weights=click_weights,
        most_slices=most_slices,
        most_clicks=most_clicks,
        enough_dice=enough_dice,
        form=form,
        split=split,
        case_lists=tuple(cases or ()),
        labels=evaluate_options.numbers(labels, "--labels"),
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
    run_evaluate_volumes(request, run)
