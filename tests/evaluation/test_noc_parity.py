"""The NoC protocol, click by click, against the reference implementation on an analytic network."""

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from isegformer.evaluation import run_clicks
from isegformer.interaction import PredictorConfig, SlicePredictor, ZoomConfig, predictor

RUNS = [
    f"{case}|flip={flip}|zoom={zoom}"
    for case in ("sstem_03_obj17", "ring_with_ignore")
    for flip in (0, 1)
    for zoom in (400, 600)
]


class AnalyticNetwork:
    """Logit = -1.2 + 1.5 (mean RGB - 0.5) + previous mask + Gaussians of the clicks (5 and -4 high).

    Disks in the hint have lost the fractions of a pixel that the Gaussians need, so the positions are taken
    from the call that draws the disks; see the fixture `network`.
    """

    click_radius_px = 5.0
    device = torch.device("cpu")

    def __init__(self) -> None:
        self.positions: list[tuple[float, float, bool]] = []

    def embed(self, image: Tensor) -> Tensor:
        return image

    def logits(self, image: Tensor, hint: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        rows, cols = torch.arange(height).view(-1, 1), torch.arange(width).view(1, -1)
        spread = 2 * (0.1 * max(height, width)) ** 2
        logits = -1.2 + 1.5 * (image.mean(1) - 0.5) + hint[:, 0]
        bumps = torch.zeros(height, width)
        for row, col, is_positive in self.positions:
            bump = torch.exp(-((rows - row) ** 2 + (cols - col) ** 2) / spread)
            bumps += 5 * bump if is_positive else -4 * bump
        mirrored = bumps.flip(1) if len(image) == 2 else bumps
        return (logits + torch.stack([bumps, mirrored])[: len(image)])[:, None]


@pytest.fixture
def network(monkeypatch):
    network = AnalyticNetwork()
    encode = predictor.encode_disks

    def record(positions, shape, *, radius_px):
        network.positions = list(positions)
        return encode(network.positions, shape, radius_px=radius_px)

    monkeypatch.setattr(predictor, "encode_disks", record)
    return network


@pytest.mark.parity
@pytest.mark.parametrize("key", RUNS)
def test_every_click_and_iou_equals_the_reference(parity_dir, network, key):
    runs = {run["key"]: run for run in json.loads((parity_dir / "noc_protocol.json").read_text())}
    arrays = np.load(parity_dir / "noc_protocol.npz")
    case, flip, zoom = key.split("|")
    image, truth = arrays[f"{case}|image"], arrays[f"{case}|gt"]
    config = PredictorConfig(zoom=ZoomConfig(side_px=int(zoom[5:])), mirror=flip == "flip=1")
    run = run_clicks(
        SlicePredictor(network, config),
        image.astype(np.float32) / 255,
        truth == 1,
        ignored=truth == -1,
        stop_iou=0.95,
        max_clicks=10,
    )
    assert [[c.row, c.col, c.is_positive] for c in run.clicks] == runs[key]["clicks"]
    np.testing.assert_allclose(run.ious, runs[key]["ious"], atol=1e-6)
    np.testing.assert_allclose(
        run.prediction.probability, arrays[f"{key}|prob"][..., :, :].squeeze(), atol=1e-3
    )
