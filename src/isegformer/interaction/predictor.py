"""One object on one slice: from clicks and the previous mask to the next mask.

H, W are the size of the slice, h, w that of the network's input.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from isegformer.clicks import Click, check_clicks_inside, encode_disks
from isegformer.errors import ClickError, ConfigError, ShapeMismatchError
from isegformer.interaction.grids import GRIDS, Grid
from isegformer.interaction.slice_image import colours_of
from isegformer.interaction.zoom import ZoomConfig, choose_roi, is_cut, network_shape
from isegformer.runtimes import ClickEngine
from isegformer.slicing.roi import Roi
from isegformer.types import FloatArray, Mask

THRESHOLD = 0.49
"""A pixel belongs to the object where its probability is above this (RITM, published code)."""


MOST_WIDER_LOOKS = 2
"""How often a prediction looks again where its mask reaches the region's edge; see ZoomConfig.clear_px."""

EMBEDDED_VIEWS = 4
"""Embedded regions of a slice that are kept: clicks mostly stay in one, and undo goes back to the last."""

NO_SLICE = "no slice was set; call set_slice first"


class PreviousPrediction(Protocol):
    """What a prediction needs to know of the one before; a `Prediction` or what a session kept of it."""

    @property
    def probability(self) -> FloatArray:
        """(H, W), in [0, 1]."""
        ...

    @property
    def roi(self) -> Roi | None:
        """The part of the slice that the network saw."""
        ...


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the network says of one object on one slice."""

    probability: FloatArray
    """(H, W), in [0, 1]."""
    roi: Roi | None = None
    """The part of the slice that the network saw; None for all of it in its own size."""

    @property
    def mask(self) -> Mask:
        """Return the object, bool (H, W)."""
        return self.probability > THRESHOLD


@dataclass(frozen=True, kw_only=True)
class PredictorConfig:
    """How a click network is asked."""

    zoom: ZoomConfig | None = field(default_factory=ZoomConfig)
    """Zoom-in; None always shows the whole slice in its own size."""
    mirror: bool = False
    """Average with the prediction for the mirrored slice: half the speed, all published numbers have it."""
    first_looks: int = 1
    """How often the network is asked where there is no mask yet. From the second time on it sees its own mask
    and zooms in on it, so that the first mask is as sharp as later ones (Sun et al. 2024, CFR-ICL: cascade-
    forward refinement, there after every click). Later clicks start from a mask and need one look."""

    def __post_init__(self) -> None:
        if self.first_looks < 1:
            raise ConfigError(f"first_looks is {self.first_looks}, expected at least 1")


class SlicePredictor:
    """Predicts masks on a slice that is set once.

    Parameters
    ----------
    network : a click network in evaluation mode, as it is (`ClickSegmenter`) or with a runtime
    config : zoom-in and mirroring
    """

    def __init__(self, network: ClickEngine, config: PredictorConfig | None = None) -> None:
        self._network = network
        self._config = config or PredictorConfig()
        self._image: Tensor | None = None
        self._embedded: OrderedDict[_View, Tensor] = OrderedDict()

    @property
    def network(self) -> ClickEngine:
        """What answers."""
        return self._network

    @property
    def config(self) -> PredictorConfig:
        """How it is asked."""
        return self._config

    def set_slice(self, image: FloatArray) -> None:
        """Choose the slice that later clicks refer to.

        Parameters
        ----------
        image : (H, W) grey or (H, W, 3) RGB, in [0, 1]; values that are not finite count as 0

        Raises
        ------
        ShapeMismatchError : not an image of that form, or an empty one
        ConfigError : values outside [0, 1]
        """
        tensor = torch.from_numpy(np.ascontiguousarray(colours_of(image).transpose(2, 0, 1)))[None]
        self._image = tensor.to(self.network.device)  # (1, 3, H, W)
        self._embedded.clear()

    def predict(self, clicks: Sequence[Click], previous: PreviousPrediction | None = None) -> Prediction:
        """Return the object that the clicks ask for.

        Parameters
        ----------
        clicks : every click on this object and slice so far, in order
        previous : the prediction for the clicks before the last one; None at the start

        Raises
        ------
        ClickError : no click, a click outside the slice, or no slice was set
        ShapeMismatchError : `previous` belongs to a slice of another size
        """
        if self._image is None:
            raise ClickError(NO_SLICE)
        height, width = (int(n) for n in self._image.shape[-2:])
        check_request(clicks, previous, shape=(height, width))
        prediction = self._look(clicks, previous, (height, width))
        for _ in range(self.config.first_looks - 1 if previous is None else 0):
            prediction = self._look(clicks, prediction, (height, width))
        for _ in range(MOST_WIDER_LOOKS):
            if not self._is_cut(prediction):
                break
            prediction = self._look(clicks, prediction, (height, width))
        return prediction

    def _is_cut(self, prediction: Prediction) -> bool:
        """Tell whether the object may go on outside the region that the network saw."""
        zoom, roi = self.config.zoom, prediction.roi
        return zoom is not None and roi is not None and is_cut(prediction.mask, roi, config=zoom)

    def _look(
        self, clicks: Sequence[Click], previous: PreviousPrediction | None, shape: tuple[int, int]
    ) -> Prediction:
        """Ask the network once, about the part of the slice that the previous mask calls for."""
        roi = self._choose_roi(clicks, previous, shape)
        with torch.inference_mode():
            probability = self._probability(clicks, previous, roi)
        return Prediction(probability=probability, roi=roi)

    def _choose_roi(
        self, clicks: Sequence[Click], previous: PreviousPrediction | None, shape: tuple[int, int]
    ) -> Roi | None:
        if self.config.zoom is None:
            return None
        return choose_roi(
            clicks,
            None if previous is None else previous.probability,
            current=None if previous is None else previous.roi,
            shape=shape,
            config=self.config.zoom,
        )

    def _probability(
        self, clicks: Sequence[Click], previous: PreviousPrediction | None, roi: Roi | None
    ) -> FloatArray:
        assert self._image is not None
        height, width = (int(n) for n in self._image.shape[-2:])
        if previous is None:
            before = torch.zeros(1, 1, height, width, device=self.network.device)
        else:
            before = torch.from_numpy(previous.probability)[None, None].to(self.network.device)
        if roi is None or self.config.zoom is None:
            view = _View(roi=None, size=(height, width))
            return self._ask(view, before, [(c.row, c.col, c.is_positive) for c in clicks]).cpu().numpy()
        zoom = self.config.zoom.before_a_mask() if previous is None else self.config.zoom
        view, grid = _View(roi=roi, size=network_shape(roi, config=zoom)), GRIDS[zoom.grid]
        seen = self._ask(
            view, grid.resized(_cut(before, roi), view.size), _moved(clicks, roi, view.size, grid=grid)
        )
        roi_size = (roi.row_stop - roi.row_start, roi.col_stop - roi.col_start)
        pasted = torch.zeros(height, width)
        pasted[roi.row_start : roi.row_stop, roi.col_start : roi.col_stop] = grid.resized(
            seen[None, None], roi_size
        )[0, 0]
        return pasted.numpy()

    def _ask(self, view: "_View", before: Tensor, positions: list[tuple[float, float, bool]]) -> Tensor:
        """Return the probability (h, w) for a view of the slice and previous probability (1, 1, h, w)."""
        maps = torch.from_numpy(encode_disks(positions, view.size, radius_px=self.network.click_radius_px))
        hint = torch.cat([before, maps[None].to(self.network.device)], dim=1)  # (1, 3, h, w)
        if not self.config.mirror:
            return torch.sigmoid(self.network.logits(self._embed(view), hint))[0, 0]
        both = self.network.logits(self._embed(view), torch.cat([hint, hint.flip(3)]))
        probability = torch.sigmoid(both)  # (2, 1, h, w)
        return 0.5 * (probability[0, 0] + probability[1, 0].flip(1))

    def _embed(self, view: "_View") -> Tensor:
        """Return a view of the slice, embedded, with its mirror image where both are asked for."""
        assert self._image is not None
        embedded = self._embedded.pop(view, None)
        if embedded is None:
            image = self._image
            if view.roi is not None and self.config.zoom is not None:
                image = GRIDS[self.config.zoom.grid].resized(_cut(image, view.roi), view.size)
            embedded = self.network.embed(torch.cat([image, image.flip(3)]) if self.config.mirror else image)
        self._embedded[view] = embedded
        while len(self._embedded) > EMBEDDED_VIEWS:
            self._embedded.popitem(last=False)
        return embedded


@dataclass(frozen=True, kw_only=True)
class _View:
    """What the network sees of the slice."""

    roi: Roi | None
    """None: all of it."""
    size: tuple[int, int]
    """(h, w) of the network's input."""


def check_request(
    clicks: Sequence[Click], previous: PreviousPrediction | None, *, shape: tuple[int, int]
) -> None:
    """Check what a predictor is asked; errors as for `SlicePredictor.predict`.

    Parameters
    ----------
    shape : (height, width) of the slice
    """
    if not clicks:
        raise ClickError("no clicks, expected at least one")
    check_clicks_inside(clicks, shape)
    if previous is not None and previous.probability.shape != shape:
        raise ShapeMismatchError(
            f"previous prediction has shape {previous.probability.shape}, expected {shape}"
        )


def _cut(tensor: Tensor, roi: Roi) -> Tensor:
    """Return a region of (1, C, H, W)."""
    return tensor[:, :, roi.row_start : roi.row_stop, roi.col_start : roi.col_stop]


def _moved(
    clicks: Sequence[Click], roi: Roi, size: tuple[int, int], *, grid: Grid
) -> list[tuple[float, float, bool]]:
    """Return the clicks in pixels of the zoomed input."""
    row_scale = size[0] / (roi.row_stop - roi.row_start)
    col_scale = size[1] / (roi.col_stop - roi.col_start)
    return [
        (
            grid.moved(click.row - roi.row_start, row_scale),
            grid.moved(click.col - roi.col_start, col_scale),
            click.is_positive,
        )
        for click in clicks
    ]
