"""What comes again is recorded, what comes once is not, and nobody gets the answer of another size."""

import threading

import pytest
import torch
from torch import nn

from isegformer.models import build_click_network, variant
from isegformer.runtimes import prepare_clicks
from isegformer.runtimes.cuda_graphs import CardRecorder, CudaGraphs, RecordedPart, outputs_of
from isegformer.runtimes.half_precision import prepared_for_half

needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics card")


class Recorder:
    """Keeps what it was asked to record; its recordings answer twice what the part does."""

    def __init__(self):
        self.recorded = []
        self.replayed = []

    def __call__(self, part, inputs):
        size = tuple(inputs[0].shape)
        self.recorded.append(size)

        def replay(given):
            assert tuple(given[0].shape) == size
            self.replayed.append(size)
            return tuple(2 * output for output in outputs_of(part, given))

        return replay


@pytest.fixture
def recorder():
    return Recorder()


def test_a_size_is_recorded_when_it_comes_again(recorder):
    part = RecordedPart(nn.ReLU(), record=recorder)
    x = torch.tensor([-1.0, 3.0])
    assert [part(x)[0][1].item() for _ in range(3)] == [3.0, 6.0, 6.0]
    assert recorder.recorded == [(2,)]
    assert recorder.replayed == [(2,), (2,)]


def test_a_size_that_comes_once_is_not_recorded(recorder):
    part = RecordedPart(nn.ReLU(), record=recorder)
    for length in range(1, 6):
        part(torch.ones(length))
    assert recorder.recorded == []


def test_all_inputs_count(recorder):
    part = RecordedPart(nn.Bilinear(2, 3, 1, bias=False), record=recorder)
    part(torch.ones(4, 2), torch.ones(4, 3))
    part(torch.ones(5, 2), torch.ones(5, 3))
    assert recorder.recorded == []
    part(torch.ones(4, 2), torch.ones(4, 3))
    assert recorder.recorded == [(4, 2)]


def test_the_recording_that_was_not_used_for_longest_goes(recorder):
    part = RecordedPart(nn.ReLU(), record=recorder, kept_sizes=2)
    for length in (1, 1, 2, 2, 1, 3, 3, 1, 2, 2):
        part(torch.ones(length))
    assert recorder.recorded == [(1,), (2,), (3,), (2,)]


def test_large_inputs_and_others_of_the_same_shape_but_type_are_not_recorded(recorder):
    part = RecordedPart(nn.Identity(), record=recorder)
    for _ in range(3):
        part(torch.ones(2, 1, 768, 400))
    part(torch.ones(3))
    part(torch.ones(3, dtype=torch.int64))
    assert recorder.recorded == []


def test_where_nothing_can_be_recorded_the_first_error_passes_through():
    def fail(part, inputs):
        raise RuntimeError("out of memory")

    part = RecordedPart(nn.ReLU(), record=fail)
    part(torch.ones(2))
    with pytest.raises(RuntimeError, match="out of memory"):
        part(torch.ones(2))


def test_where_a_later_recording_fails_work_goes_on_without(recorder, caplog):
    def record(part, inputs):
        if len(inputs[0]) == 3:
            raise RuntimeError("out of memory")
        return recorder(part, inputs)

    part = RecordedPart(nn.ReLU(), record=record)
    answers = [part(torch.ones(length))[0][0].item() for length in (2, 2, 3, 3, 2, 2, 4, 4)]
    assert answers == [1, 2, 1, 1, 1, 1, 1, 1]  # the recordings of this test answer twice what is right
    assert "not recorded any more, and slower: out of memory" in caplog.text


def test_threads_take_turns(recorder):
    inside, most = [], []

    class Slow(nn.Module):
        def forward(self, x):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.01)
            inside.pop()
            return x

    part = RecordedPart(Slow(), record=recorder)
    threads = [threading.Thread(target=part, args=(torch.ones(n % 3),)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 9


def test_without_a_card_it_says_so():
    assert "the network is on cpu" in CudaGraphs().missing(torch.device("cpu"))


@torch.inference_mode()
def test_biases_are_made_once_for_a_size_and_stay_right():
    torch.manual_seed(0)
    network = build_click_network(variant("swin-tiny")).eval()
    prepared = prepared_for_half(network)
    attention = prepared.backbone.layers[0].blocks[1].attn
    made = []
    for size in ((96, 128), (96, 128), (64, 96), (96, 128)):
        image, hint = torch.rand(1, 3, *size), torch.rand(1, 3, *size)
        with torch.autocast("cpu", torch.bfloat16):
            got = torch.sigmoid(prepared(image, hint).float())
        assert (got - torch.sigmoid(network(image, hint))).abs().max() < 0.02
        made.append(attention.made[1])
    assert made[0] is made[1]
    assert made[2].shape != made[1].shape
    torch.testing.assert_close(made[3], made[0], rtol=0, atol=0)


def test_the_original_network_keeps_its_numbers():
    network = build_click_network(variant("swin-tiny")).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    prepared_for_half(network)
    after = network.state_dict()
    assert after.keys() == before.keys()
    assert all(
        after[name].dtype == torch.float32 and torch.equal(after[name], before[name]) for name in after
    )


@needs_card
@torch.inference_mode()
def test_recordings_of_many_sizes_do_not_disturb_each_other():
    torch.manual_seed(0)
    network = build_click_network(variant("swin-tiny")).cuda().eval()
    engine = prepare_clicks(network, runtime="cuda-graphs").engine
    sizes = [(64 + 32 * n, 96 + 16 * n) for n in range(6)]
    for _ in range(4):
        for size in sizes:
            image, hint = torch.rand(1, 3, *size).cuda(), torch.rand(1, 3, *size).cuda()
            got = engine.logits(engine.embed(image), hint)
            assert (torch.sigmoid(got) - torch.sigmoid(network(image, hint))).abs().max() < 0.02


@needs_card
def test_recording_while_other_threads_use_the_card():
    stop, failed = threading.Event(), []

    def busy():
        try:
            while not stop.is_set():
                float((torch.rand(300, 300, device="cuda") @ torch.rand(300, 300, device="cuda")).sum())
        except RuntimeError as error:
            failed.append(error)

    other = threading.Thread(target=busy)
    other.start()
    try:
        part = RecordedPart(nn.Conv2d(3, 4, 3).cuda(), record=CardRecorder())
        for size in range(8, 24):
            x = torch.rand(1, 3, size, size, device="cuda")
            first, second, third = (part(x)[0] for _ in range(3))
            torch.testing.assert_close(second, first)
            torch.testing.assert_close(third, first)
    finally:
        stop.set()
        other.join()
    assert not failed
