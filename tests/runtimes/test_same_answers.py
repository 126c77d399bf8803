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


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=[name for name in RUNTIMES if name != "pytorch"])
def runtime(request):
    return request.param


@pytest.fixture(params=DEVICES)
def device(request, runtime, click_network):
    try:
        prepare_clicks(click_network.to(request.param), runtime=runtime)
    except ConfigError as error:
        pytest.skip(f"cannot be tried here: {error}")
    return request.param


def _check(runtime, got, expected):
    tolerance = RUNTIMES[runtime]().tolerance
    assert got.shape == expected.shape
    assert got.device == expected.device
    assert got.dtype == expected.dtype == torch.float32
    assert tolerance.measure(got, expected) <= tolerance.most


@torch.inference_mode()
def test_clicks_of_tiny_networks(runtime, device, click_network):
    engine = prepare_clicks(click_network, runtime=runtime).engine
    assert engine.click_radius_px == click_network.click_radius_px
    for size in (*SIZES, *SIZES, *SIZES):
        image, hint = torch.rand(2, 3, *size, device=device), torch.rand(2, 3, *size, device=device)
        expected = click_network(image, hint)
        _check(runtime, engine.logits(engine.embed(image), hint), expected)


@torch.inference_mode()
def test_propagation_of_tiny_networks(runtime, device, propagation_network):
    engine = prepare_propagation(propagation_network.to(device), runtime=runtime).engine
    for size, n_objects in zip(SIZES * 3, (1, 3, 2) * 3, strict=True):
        frame = torch.rand(1, 3, *size, device=device)
        masks = torch.rand(n_objects, 1, *size, device=device)
        logits = []
        for one in (engine, propagation_network):
            keys = one.encode_key(frame)
            values = one.encode_value(frame, keys, mask=masks, others=1 - masks)
            logits.append(one.decode(values, keys))
        _check(runtime, *logits)


@torch.inference_mode()
def test_several_slices_at_once(runtime, device, propagation_network):
    engine = prepare_propagation(propagation_network.to(device), runtime=runtime).engine
    frames = torch.rand(3, 3, 48, 80, device=device)
    got, expected = engine.encode_key(frames), propagation_network.encode_key(frames)
    readout = torch.rand(3, 16, 3, 5, device=device)
    _check(runtime, engine.decode(readout, got), propagation_network.decode(readout, expected))


@torch.inference_mode()
def test_answers_are_not_written_over_by_later_ones(runtime, device, click_network):
    engine = prepare_clicks(click_network, runtime=runtime).engine
    images = [torch.full((1, 3, 64, 64), value, device=device) for value in (0.0, 0.5, 0.7, 1.0)]
    answers = [engine.embed(image) for image in images]
    kept = [answer.clone() for answer in answers]
    engine.embed(images[0])
    assert all(torch.equal(*pair) for pair in zip(answers, kept, strict=True))
    assert not torch.equal(answers[2], answers[3])


@pytest.mark.parametrize("weights", ["compact", "stcn-small"])
def test_bundled_networks_pass_the_self_check(runtime, device, weights):
    prepare = prepare_clicks if weights == "compact" else prepare_propagation
    prepared = prepare(load(weights, device=device), runtime=runtime)
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


@pytest.mark.parametrize("runtime", ["openvino", "openvino-bf16"])
def test_the_first_start_and_later_ones_answer_alike(runtime, click_network, tmp_path, monkeypatch):
    monkeypatch.setenv("ISEGFORMER_COMPILED", str(tmp_path))
    image, hint = torch.rand(2, 1, 3, 64, 96).unbind()
    answers = []
    for _ in range(2):
        try:
            engine = prepare_clicks(click_network, runtime=runtime).engine
        except ConfigError as error:
            pytest.skip(f"cannot be tried here: {error}")
        for graph in tmp_path.iterdir():
            graph.write_bytes(b"")  # weights in use lie elsewhere
        answers.append(engine.logits(engine.embed(image), hint))
    nowhere = tmp_path / "file"
    nowhere.write_bytes(b"")
    for variable in ("ISEGFORMER_SCRATCH", "ISEGFORMER_COMPILED"):  # read into memory; not imported at all
        monkeypatch.setenv(variable, str(nowhere / "nothing"))
        engine = prepare_clicks(click_network, runtime=runtime).engine
        answers.append(engine.logits(engine.embed(image), hint))
    assert all(torch.equal(answers[0], answer) for answer in answers[1:])


def test_as_many_clicks_are_needed(runtime, device):
    rows, cols = np.mgrid[:96, :112]
    rng = np.random.default_rng(0)
    needed = {"pytorch": [], runtime: []}
    for height, width in ((18, 26), (30, 14), (9, 11)):
        target = ((rows - 40) / height) ** 2 + ((cols - 60) / width) ** 2 < 1
        image = np.clip(0.3 + 0.3 * target + rng.normal(0, 0.05, target.shape), 0, 1).astype(np.float32)
        for name, counts in needed.items():
            run = run_clicks(
                load_predictor("compact", runtime=name, device=device),
                image,
                target,
                stop_iou=0.85,
                max_clicks=6,
            )
            counts.append(len(run.clicks))
    assert max(needed["pytorch"]) < 6
    assert np.mean(needed[runtime]) == pytest.approx(np.mean(needed["pytorch"]), abs=0.1)
