"""Every runtime that works here answers as eager PyTorch does, at any size and for any number of objects."""

import logging

import numpy as np
import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.evaluation import run_clicks
from isegformer.interaction import load_predictor
from isegformer.models import load
from isegformer.runtimes import RUNTIMES, openvino, prepare_clicks, prepare_propagation

SIZES = ((64, 96), (96, 64), (48, 112))


@pytest.fixture(params=[name for name in RUNTIMES if name != "pytorch"])
def runtime(request, click_network):
    try:
        prepare_clicks(click_network, runtime=request.param)
    except ConfigError as error:
        pytest.skip(f"cannot be tried here: {error}")
    return request.param


def _check(runtime, got, expected):
    tolerance = RUNTIMES[runtime]().tolerance
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype == torch.float32
    assert tolerance.measure(got, expected) <= tolerance.most


@torch.inference_mode()
def test_clicks_of_tiny_networks(runtime, click_network):
    engine = prepare_clicks(click_network, runtime=runtime).engine
    assert engine.click_radius_px == click_network.click_radius_px
    for size in SIZES:
        image, hint = torch.rand(2, 3, *size), torch.rand(2, 3, *size)
        expected = click_network(image, hint)
        _check(runtime, engine.logits(engine.embed(image), hint), expected)


@torch.inference_mode()
def test_propagation_of_tiny_networks(runtime, propagation_network):
    engine = prepare_propagation(propagation_network, runtime=runtime).engine
    for size, n_objects in zip(SIZES, (1, 3, 2), strict=True):
        frame, masks = torch.rand(1, 3, *size), torch.rand(n_objects, 1, *size)
        logits = []
        for one in (engine, propagation_network):
            keys = one.encode_key(frame)
            values = one.encode_value(frame, keys, mask=masks, others=1 - masks)
            logits.append(one.decode(values, keys))
        _check(runtime, *logits)


@torch.inference_mode()
def test_several_slices_at_once(runtime, propagation_network):
    engine = prepare_propagation(propagation_network, runtime=runtime).engine
    frames = torch.rand(3, 3, 48, 80)
    got, expected = engine.encode_key(frames), propagation_network.encode_key(frames)
    readout = torch.rand(3, 16, 3, 5)
    _check(runtime, engine.decode(readout, got), propagation_network.decode(readout, expected))


@torch.inference_mode()
def test_answers_are_not_written_over_by_later_ones(runtime, click_network):
    engine = prepare_clicks(click_network, runtime=runtime).engine
    first = engine.embed(torch.zeros(1, 3, 64, 64))
    kept = first.clone()
    engine.embed(torch.ones(1, 3, 64, 64))
    assert torch.equal(first, kept)


@pytest.mark.parametrize("weights", ["compact", "stcn-small"])
def test_bundled_networks_pass_the_self_check(runtime, weights):
    prepare = prepare_clicks if weights == "compact" else prepare_propagation
    prepared = prepare(load(weights), runtime=runtime)
    assert prepared.trials[-1].difference <= RUNTIMES[runtime]().tolerance.most


@pytest.mark.parametrize("runtime", ["openvino", "openvino-bf16"])
def test_the_second_start_compiles_nothing(runtime, click_network, monkeypatch, caplog):
    try:
        prepare_clicks(click_network, runtime=runtime)
    except ConfigError as error:
        pytest.skip(f"cannot be tried here: {error}")
    monkeypatch.setattr(openvino, "converted", lambda graph: pytest.fail("it was converted again"))
    caplog.set_level(logging.INFO)
    assert prepare_clicks(click_network, runtime=runtime).runtime == runtime


def test_as_many_clicks_are_needed(runtime):
    rows, cols = np.mgrid[:96, :112]
    rng = np.random.default_rng(0)
    needed = {"pytorch": [], runtime: []}
    for height, width in ((18, 26), (30, 14), (9, 11)):
        target = ((rows - 40) / height) ** 2 + ((cols - 60) / width) ** 2 < 1
        image = np.clip(0.3 + 0.3 * target + rng.normal(0, 0.05, target.shape), 0, 1).astype(np.float32)
        for name, counts in needed.items():
            run = run_clicks(
                load_predictor("compact", runtime=name), image, target, stop_iou=0.85, max_clicks=6
            )
            counts.append(len(run.clicks))
    assert max(needed["pytorch"]) < 6
    assert np.mean(needed[runtime]) == pytest.approx(np.mean(needed["pytorch"]), abs=0.1)
