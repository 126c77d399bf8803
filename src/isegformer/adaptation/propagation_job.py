"""Adapting a propagation network: a user's structures carried further from fewer slices."""

from isegformer.adaptation.drawing import CaseDraws
from isegformer.adaptation.job import IN_MEMORY, AdaptationJob, JobRequest, Measure
from isegformer.adaptation.precision import fast_precision
from isegformer.adaptation.split import Split
from isegformer.adaptation.validation import score_stacks, stack_items
from isegformer.errors import ConfigError
from isegformer.models import Stcn, inspect, load
from isegformer.propagation import PROPAGATION_METHODS
from isegformer.training.config import PropagationTrainingConfig, ViewConfig
from isegformer.training.propagation_run import PROPAGATION_RUN
from isegformer.types import PathLike

LEG_STEPS = 30
LEARNING_RATE = 4e-5
BATCH = 4
SIDE_PX = 192
METHOD = "combined"
"""The method that is measured: the one that users have."""


def propagation_job(split: Split, request: JobRequest) -> AdaptationJob:
    """Return what adapts a propagation network; ConfigError where the weights are of another kind."""
    items = stack_items(split.validation)

    def mean_dice(weights: PathLike) -> float:
        network = load(weights, device=request.device)
        if not isinstance(network, Stcn):
            raise ConfigError(f"weights {str(weights)!r} hold no propagation network")
        return score_stacks(PROPAGATION_METHODS[METHOD](lambda: network), items).mean

    return AdaptationJob(
        "propagation",
        run=PROPAGATION_RUN,
        config=propagation_config(request),
        draws=CaseDraws(split.train),
        measure=Measure(
            text="mean Dice of slices propagated from one, three and five annotated ones",
            higher_is_better=True,
            items=len(items),
            of=mean_dice,
        ),
        request=request,
    )


def propagation_config(request: JobRequest) -> PropagationTrainingConfig:
    """Return the recipe: short, careful steps from weights that are good already."""
    architecture = inspect(request.start_from).architecture
    if architecture != "stcn-small":
        raise ConfigError(
            f"weights {request.start_from!r} are of the architecture {architecture!r}, expected stcn-small; "
            "other propagation networks cannot be adapted yet"
        )
    return PropagationTrainingConfig(
        architecture="stcn-small",
        train=(IN_MEMORY,),
        start_from=request.start_from,
        view=ViewConfig(side_px=SIDE_PX, zoom_share=0.5, zoom_margin=(1.3, 3.0), most_magnified=8.0),
        longest_gap=4,
        steps=LEG_STEPS * request.most_legs,
        warmup_steps=10,
        decay_share=0.0,
        average_decay=0.98,
        norm_statistics="kept",
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        precision=fast_precision(request.device),
        checkpoint_every=LEG_STEPS,
        workers=0,
        seed=request.seed,
    )
