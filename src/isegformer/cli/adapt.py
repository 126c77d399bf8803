"""`isegformer adapt`: better weights for your own structures, from your own cases."""

from pathlib import Path
from typing import Annotated

import typer

from isegformer.cli import options


def adapt(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CASES...",
            help="Folders of labelled cases, session folders, or VOLUME=LABELS; not with --resume.",
            show_default=False,
        ),
    ] = None,
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What the new weights are called.", show_default=False),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="FOLDER", help="Folder of this run; adapt-NAME by default.", show_default=False
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --run.")] = False,
    networks: Annotated[
        options.Networks, typer.Option("--networks", help="Which networks to adapt.")
    ] = options.Networks.BOTH,
    weights: options.ClickWeights = options.DEFAULT_CLICK_WEIGHTS,
    propagation_weights: options.SecondPropagationWeights = options.DEFAULT_PROPAGATION_WEIGHTS,
    axis: Annotated[
        int | None,
        typer.Option(
            "--axis",
            min=0,
            max=2,
            help="Axis across which the cases were labelled; only their labelled slices across it are used.",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, help="At most, for each network.")] = 20.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the split and of training.")] = 0,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Adapt the networks to your own cases; needs the extra `train`.

    A quarter of the cases is kept to check on. New weights are entered under NAME if they do better there.
    """
    from isegformer.cli.adapt_run import AdaptRequest, resume_adapt, start_adapt

    if resume:
        if cases or run is None:
            raise typer.BadParameter("--resume takes --run FOLDER and no cases: the folder knows them")
        resume_adapt(run, device=device, is_json=json)
        return
    if not cases or name is None:
        raise typer.BadParameter("give the cases to learn from, and --name for the new weights")
    request = AdaptRequest(
        cases=tuple(cases),
        name=name,
        networks=networks.value,
        weights=weights,
        propagation_weights=propagation_weights,
        axis=axis,
        minutes=minutes,
        seed=seed,
    )
    start_adapt(request, run=run or Path(f"adapt-{name}"), device=device, is_json=json)
