"""Adapting a click network: fewer clicks on a user's own structures."""

from isegformer.adaptation.drawing import CaseDraws
from isegformer.adaptation.job import IN_MEMORY, AdaptationJob, JobRequest, Measure
from isegformer.adaptation.precision import fast_precision
from isegformer.adaptation.split import Split
from isegformer.adaptation.validation import TARGETS_TEXT, click_items, score_clicks
from isegformer.interaction import ZoomConfig, load_predictor
from isegformer.models import inspect
from isegformer.training.click_run import CLICK_RUN
from isegformer.training.config import ClickTrainingConfig, ViewConfig
from isegformer.types import PathLike

LEG_STEPS = 60
LEARNING_RATE = 3e-4
BATCH = 8


def click_job(split: Split, request: JobRequest) -> AdaptationJob:
    """Return what adapts a click network; errors as for `load_predictor` and `CaseDraws`."""
    items = click_items(split.validation)

    def mean_clicks(weights: PathLike) -> float:
        return score_clicks(load_predictor(weights, device=request.device), items).mean

    return AdaptationJob(
        "click",
        run=CLICK_RUN,
        config=click_config(request),
        draws=CaseDraws(split.train),
        measure=Measure(
            text=f"mean clicks to IoU {TARGETS_TEXT}",
            higher_is_better=False,
            items=len(items),
            of=mean_clicks,
        ),
        request=request,
    )


def click_config(request: JobRequest) -> ClickTrainingConfig:
    """Return the recipe: short, careful steps from weights that are good already, at their own input size."""
    predictor = load_predictor(request.start_from).config
    zoom = predictor.zoom or ZoomConfig()
    return ClickTrainingConfig(
        architecture=inspect(request.start_from).architecture,
        train=(IN_MEMORY,),
        start_from=request.start_from,
        view=ViewConfig(side_px=32 * max(1, round(zoom.side_px / 32)), most_magnified=8.0),
        zoom=zoom,
        first_looks=predictor.first_looks,
        steps=LEG_STEPS * request.most_legs,
        warmup_steps=20,
        decay_share=0.0,
        average_decay=0.98,
        norm_statistics="kept",
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        dice_weight=1.0,
        first_click_decay=0.2,
        central_share=0.6,
        fresh_share=0.4,
        most_rounds=4,
        loss_rounds=2,
        look_again_share=0.2,
        given_mask_share=0.1,
        precision=fast_precision(request.device),
        checkpoint_every=LEG_STEPS,
        workers=0,
        seed=request.seed,
    )
