"""Tests for isegformer.propagation.propagator: the promises of the engine, on networks that are stand-ins."""

import errno
import gc
import os
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from isegformer.errors import PropagationError, ScratchError, ShapeMismatchError
from isegformer.models.fusion import FusionNetwork
from isegformer.propagation import ArraySlices, Propagator, PropagatorConfig, StopRule


def run(network, stack, *rounds, fusion=None, config):
    """Return the labels after all rounds and the last report."""
    with Propagator(network, ArraySlices(stack), fusion=fusion, config=config) as propagator:
        for annotations in rounds:
            report = propagator.run_round(annotations)
        return propagator.all_labels(), report


def bar(first, last, *, n_slices=20):
    """Return slices (T, 32, 48) with a bright block on slices first to last, and its labels as object 6."""
    stack = np.full((n_slices, 32, 48), 0.1, np.float32)
    stack[first : last + 1, 8:24, 16:40] = 0.9
    return stack, np.uint16(6) * (stack > 0.5)


@pytest.fixture(params=[True, False], ids=["with fusion network", "without"])
def fusion(request):
    torch.manual_seed(0)
    return FusionNetwork(4).eval() if request.param else None


def test_object_is_followed_to_its_ends_in_both_directions(brightness_network):
    stack, truth = bar(3, 15)
    result, report = run(brightness_network, stack, {8: truth[8]}, config=PropagatorConfig(min_side_px=None))
    assert np.array_equal(result, truth)
    assert result.dtype == np.uint16
    assert (report.done, report.total, report.is_cancelled) == (19, 19, False)
    assert report.touched == tuple(index for index in range(20) if index != 8)


def test_annotated_slices_never_change(tiny_stcn, noisy_stack, fusion, plain_config):
    rng = np.random.default_rng(1)
    drawn = {index: rng.integers(0, 3, (35, 51), dtype=np.uint16) * 21845 for index in (2, 6, 9)}
    result, _ = run(
        tiny_stcn, noisy_stack, {2: drawn[2], 6: drawn[6]}, {9: drawn[9]}, fusion=fusion, config=plain_config
    )
    for index, labels in drawn.items():
        assert np.array_equal(result[index], labels)


def test_annotated_slices_are_exact_on_an_enlarged_grid_too(tiny_stcn, noisy_stack):
    labels = np.random.default_rng(1).integers(0, 2, (35, 51), dtype=np.uint16)
    result, _ = run(tiny_stcn, noisy_stack, {4: labels}, config=PropagatorConfig(min_side_px=80))
    assert np.array_equal(result[4], labels)
    assert result.shape == noisy_stack.shape


def test_second_round_touches_only_slices_between_its_neighbours(
    tiny_stcn, noisy_stack, two_boxes, fusion, plain_config
):
    with Propagator(tiny_stcn, ArraySlices(noisy_stack), fusion=fusion, config=plain_config) as propagator:
        propagator.run_round({2: two_boxes, 8: two_boxes})
        before = propagator.all_labels()
        stored = [propagator.store.read(index) for index in range(11)]
        report = propagator.run_round({5: np.zeros_like(two_boxes)})
        after = propagator.all_labels()
        assert report.touched == (3, 4, 6, 7)
        for index in (0, 1, 2, 8, 9, 10):
            assert np.array_equal(before[index], after[index])
            assert torch.equal(stored[index], propagator.store.read(index))
        assert any(not torch.equal(stored[index], propagator.store.read(index)) for index in (3, 4, 6, 7))


def test_result_does_not_depend_on_the_order_of_annotations(
    tiny_stcn, noisy_stack, two_boxes, fusion, plain_config
):
    drawn = {1: two_boxes, 5: two_boxes[::-1].copy(), 9: two_boxes[:, ::-1].copy()}
    backwards = dict(reversed(drawn.items()))
    first, _ = run(tiny_stcn, noisy_stack, drawn, fusion=fusion, config=plain_config)
    second, _ = run(tiny_stcn, noisy_stack, backwards, fusion=fusion, config=plain_config)
    assert np.array_equal(first, second)
    assert len(np.unique(first[3])) > 1


def test_slices_between_two_new_ones_are_the_same_in_a_mirrored_stack(
    tiny_stcn, noisy_stack, two_boxes, plain_config
):
    other = two_boxes[:, ::-1].copy()
    result, _ = run(tiny_stcn, noisy_stack, {0: two_boxes, 10: other}, config=plain_config)
    mirrored, _ = run(tiny_stcn, noisy_stack[::-1], {10: two_boxes, 0: other}, config=plain_config)
    assert (result != mirrored[::-1]).mean() < 1e-3  # 16 bits may turn a tie


def test_result_does_not_depend_on_the_numbers_of_objects(tiny_stcn, noisy_stack, two_boxes, plain_config):
    renamed = np.select([two_boxes == 3, two_boxes == 700], [700, 3]).astype(np.uint16)
    first, _ = run(tiny_stcn, noisy_stack, {4: two_boxes}, config=plain_config)
    second, _ = run(tiny_stcn, noisy_stack, {4: renamed}, config=plain_config)
    expected = np.select([second == 3, second == 700], [700, 3])
    assert (first != expected).mean() < 1e-3
    assert {3, 700} <= set(np.unique(first[5]))


def test_same_calls_give_the_same_bits(tiny_stcn, noisy_stack, two_boxes, fusion):
    rounds = ({1: two_boxes}, {7: two_boxes})
    first, _ = run(tiny_stcn, noisy_stack, *rounds, fusion=fusion, config=PropagatorConfig())
    second, _ = run(tiny_stcn, noisy_stack, *rounds, fusion=fusion, config=PropagatorConfig())
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "change",
    [{"store_bytes": 0}, {"key_cache_bytes": 0}, {"block_bytes": 1}, {"objects_at_once": 1}],
)
def test_budgets_do_not_change_the_result(  # fixtures
    tiny_stcn, noisy_stack, two_boxes, fusion, plain_config, change
):
    rounds = ({1: two_boxes, 9: two_boxes}, {5: two_boxes[::-1].copy()})
    roomy, _ = run(tiny_stcn, noisy_stack, *rounds, fusion=fusion, config=plain_config)
    tight, _ = run(tiny_stcn, noisy_stack, *rounds, fusion=fusion, config=replace(plain_config, **change))
    assert (roomy != tight).mean() < 1e-4  # sums in another order may turn a tie


class ManySlices:
    """Slices that are made when asked for, with one bright block."""

    def __init__(self, n_slices):
        self._n_slices = n_slices
        self.shape = (64, 96)

    def __len__(self):
        return self._n_slices

    def __getitem__(self, index):
        image = np.full(self.shape, 0.1, np.float32)
        image[8:24, 16:40] = 0.9
        return image


def test_memory_does_not_grow_with_the_slices_beyond_the_budgets(brightness_network):
    config = PropagatorConfig(min_side_px=None, store_bytes=0, key_cache_bytes=10**5, recent_slices=3)
    labels = np.uint16(1) * (ManySlices(1)[0] > 0.5)
    peaks = []
    for n_slices in (20, 400):
        with Propagator(brightness_network, ManySlices(n_slices), config=config) as propagator:
            tracemalloc.start()
            propagator.run_round({0: labels})
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert propagator.store.bytes_in_memory == 0
            assert propagator.store.bytes_on_disk == n_slices * 64 * 96 * 2
            assert np.array_equal(propagator.labels(n_slices - 1), labels)
    assert peaks[1] < peaks[0] + 10**5  # one slice more in float32 would be 24 kB, 380 of them 9 MB


@pytest.fixture
def only_new_objects():
    """Hide from `gc.get_objects` what is there before the test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def tensor_bytes():
    """Return the bytes behind all tensors that Python can reach, each storage counted once."""
    gc.collect()
    tensors = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    storages = [tensor.untyped_storage() for tensor in tensors]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


@pytest.mark.usefixtures("only_new_objects")
def test_tensors_do_not_grow_with_the_slices_beyond_the_budgets(brightness_network):
    """What tracemalloc does not see: torch has its own memory."""
    config = PropagatorConfig(min_side_px=None, store_bytes=0, key_cache_bytes=10**5, recent_slices=3)
    labels = np.uint16(1) * (ManySlices(1)[0] > 0.5)
    peaks = []
    for n_slices in (30, 300):
        live = []

        def watch(done, total, live=live):
            if done % (total // 5) == 0 or done == total:
                live.append(tensor_bytes())

        with Propagator(brightness_network, ManySlices(n_slices), config=config) as propagator:
            propagator.run_round({0: labels, n_slices - 1: labels}, on_progress=watch)
            propagator.run_round({n_slices // 2: labels}, on_progress=watch)
            live.append(tensor_bytes())
        peaks.append(max(live))
    assert peaks[0] > 10**4  # the cache and the memory are seen
    assert peaks[1] < peaks[0] + 64 * 96 * 4  # not one slice more in float32, of 270


def test_full_disk_ends_a_round_before_it_changes_anything(
    brightness_network, plain_config, monkeypatch, tmp_path
):
    def fail(descriptor, offset, length):
        raise OSError(errno.ENOSPC, "No space left on device")

    stack, truth = bar(0, 19)
    config = replace(plain_config, store_bytes=20 * 32 * 48 * 2, temporary_folder=tmp_path)
    with Propagator(brightness_network, ArraySlices(stack), config=config) as propagator:
        propagator.run_round({0: truth[0]})
        monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
        second = truth[10].copy()
        second[:, :8] = 2
        with pytest.raises(ScratchError, match=str(tmp_path)):
            propagator.run_round({10: second})
        assert list(propagator.annotations) == [0]
        assert np.array_equal(propagator.all_labels(), truth)
        propagator.run_round({10: truth[10]})
        assert np.array_equal(propagator.all_labels(), truth)


def test_progress_counts_every_slice_and_ends_at_the_total(tiny_stcn, noisy_stack, two_boxes, plain_config):
    calls = []
    with Propagator(tiny_stcn, ArraySlices(noisy_stack), config=plain_config) as propagator:
        propagator.run_round({2: two_boxes, 6: two_boxes}, on_progress=lambda *call: calls.append(call))
    # 3 + 2 slices from the first, 4 + 3 from the second: those between are walked twice.
    assert calls == [(done, 12) for done in range(1, 13)]


@pytest.mark.parametrize("allowed", [0, 1, 3, 4])
def test_cancelled_round_keeps_each_slice_either_old_or_finished(  # fixtures
    tiny_stcn, noisy_stack, two_boxes, fusion, plain_config, allowed
):
    def propagator():
        return Propagator(tiny_stcn, ArraySlices(noisy_stack), fusion=fusion, config=plain_config)

    asked = iter(range(100))
    with propagator() as whole, propagator() as cut:
        for one in (whole, cut):
            one.run_round({2: two_boxes, 9: two_boxes})
        old = cut.all_labels()
        whole.run_round({6: two_boxes[::-1].copy()})
        report = cut.run_round({6: two_boxes[::-1].copy()}, is_cancelled=lambda: next(asked) >= allowed)
        new, result = whole.all_labels(), cut.all_labels()
    assert (report.done, report.total, report.is_cancelled) == (allowed, 5, True)
    assert len(report.touched) == allowed
    for index in range(11):
        is_new = index in report.touched or index == 6
        assert np.array_equal(result[index], (new if is_new else old)[index])


def test_cancelled_first_round_keeps_annotations_and_can_be_run_again(tiny_stcn, noisy_stack, two_boxes):
    with Propagator(tiny_stcn, ArraySlices(noisy_stack)) as propagator:
        propagator.run_round({4: two_boxes}, is_cancelled=lambda: True)
        partial = propagator.all_labels()
        assert np.array_equal(partial[4], two_boxes)
        assert not partial[[0, 1, 2, 3, 5, 6, 7, 8, 9, 10]].any()
        propagator.run_round({4: two_boxes})
        again = propagator.all_labels()
    assert np.array_equal(again, run(tiny_stcn, noisy_stack, {4: two_boxes}, config=PropagatorConfig())[0])


def test_slices_that_a_cancelled_round_left_empty_are_not_fused_with(brightness_network, plain_config):
    stack, truth = bar(0, 19)
    with Propagator(brightness_network, ArraySlices(stack), config=plain_config) as propagator:
        propagator.run_round({0: truth[0]}, is_cancelled=lambda: True)
        propagator.run_round({19: truth[19]})
        assert np.array_equal(propagator.all_labels(), truth)


def test_failing_callback_leaves_the_propagator_usable(brightness_network, plain_config):
    stack, truth = bar(0, 19)

    def fail(done, total):
        raise OSError("the window was closed")

    with Propagator(brightness_network, ArraySlices(stack), config=plain_config) as propagator:
        with pytest.raises(OSError, match="window"):
            propagator.run_round({5: truth[5]}, on_progress=fail)
        propagator.run_round({5: truth[5]})
        assert np.array_equal(propagator.all_labels(), truth)


def test_over_propagation_is_stopped_and_without_the_rule_it_is_not(blind_network):
    """A network that never lets go stands for over-propagation; weak confidence ends the object."""
    stack, truth = bar(3, 15)
    rule = StopRule(min_confidence=0.9)
    with_rule, _ = run(
        blind_network, stack, {8: truth[8]}, config=PropagatorConfig(min_side_px=None, stop=rule)
    )
    without, _ = run(
        blind_network, stack, {8: truth[8]}, config=PropagatorConfig(min_side_px=None, stop=None)
    )
    assert without.any(axis=(1, 2)).all()
    assert np.flatnonzero(with_rule.any(axis=(1, 2))).tolist() == [6, 7, 8, 9, 10]


def test_ended_object_costs_no_more_network_calls_and_enters_memory_no_more(brightness_network):
    stack, truth = bar(0, 5, n_slices=60)
    config = PropagatorConfig(min_side_px=None, together_px=1)
    result, _ = run(brightness_network, stack, {0: truth[0]}, config=config)
    assert np.array_equal(result, truth)
    assert brightness_network.encoded_keys == 1 + 7  # slices 1 to 7: two weak ones end it
    assert brightness_network.encoded_values == [1, 1]  # slices 0 and 5


def test_slices_between_annotated_ones_are_encoded_once_and_then_forgotten(brightness_network):
    stack, truth = bar(0, 19)
    config = PropagatorConfig(min_side_px=None, stop=None)
    with Propagator(brightness_network, ArraySlices(stack), config=config) as propagator:
        propagator.run_round({4: truth[4], 12: truth[12]})
        assert brightness_network.encoded_keys == len(stack)
        encoder = propagator._encoder
        with torch.inference_mode():
            encoder.keys(4), encoder.keys(12)
            assert brightness_network.encoded_keys == len(stack)
            encoder.keys(5)
        assert brightness_network.encoded_keys == len(stack) + 1


def test_object_that_reappears_is_found_again_when_the_far_end_has_it(brightness_network):
    stack, truth = bar(0, 19)
    stack[6:12] = truth[6:12] = 0
    result, _ = run(
        brightness_network, stack, {0: truth[0], 19: truth[19]}, config=PropagatorConfig(min_side_px=None)
    )
    assert np.array_equal(result, truth)


def test_absent_object_on_an_annotated_slice_ends_it_there(blind_network):
    stack, truth = bar(0, 19)
    drawn = {5: truth[5], 9: np.zeros_like(truth[9])}
    result, _ = run(blind_network, stack, drawn, config=PropagatorConfig(min_side_px=None))
    assert result[:6].any(axis=(1, 2)).all()
    assert not result[9:].any()


def test_new_object_in_a_later_round_leaves_the_others_in_place(brightness_network, plain_config):
    stack, truth = bar(0, 19)
    stack[:, 0:8, 0:16] = 0.9
    with_second = truth.copy()
    with_second[:, 0:8, 0:16] = 2
    with Propagator(brightness_network, ArraySlices(stack), config=plain_config) as propagator:
        propagator.run_round({2: truth[2]})
        assert propagator.objects == [6]
        propagator.run_round({10: with_second[10]})
        assert propagator.objects == [2, 6]
        result = propagator.all_labels()
    assert np.array_equal(result == 6, truth == 6)
    assert np.array_equal(result[10:], with_second[10:])
    assert not (result[:3] == 2).any()


def test_annotating_a_slice_again_replaces_what_it_said(brightness_network, plain_config):
    stack, truth = bar(0, 9, n_slices=10)
    wrong = np.zeros_like(truth[4])
    wrong[:, :16] = 6
    with Propagator(brightness_network, ArraySlices(stack), config=plain_config) as propagator:
        propagator.run_round({4: wrong})
        assert not propagator.labels(5).any()
        propagator.run_round({4: truth[4]})
        assert list(propagator.annotations) == [4]
        assert np.array_equal(propagator.all_labels(), truth)


def test_every_fifth_predicted_slice_is_remembered_but_not_the_last(brightness_network, plain_config):
    stack, truth = bar(0, 15, n_slices=16)
    run(brightness_network, stack, {0: truth[0]}, config=plain_config)
    assert brightness_network.encoded_values == [1, 1, 1]  # slices 0, 5 and 10; 15 is the last


def test_only_the_nearest_annotated_slices_are_read(brightness_network, plain_config):
    stack, truth = bar(0, 19)
    stack[:, 8:24, :16] = 0.9
    wider = np.uint16(6) * (stack[18] > 0.5)
    drawn = {1: truth[1], 18: wider}
    near, _ = run(brightness_network, stack, drawn, config=replace(plain_config, annotated_slices=1))
    both, _ = run(brightness_network, stack, drawn, config=plain_config)
    assert np.array_equal(near[0], truth[0])
    assert np.array_equal(near[19], wider)
    assert np.array_equal(both[0], wider)


def test_between_two_new_slices_the_nearer_one_counts_more(blind_network, plain_config):
    first, second = np.zeros((2, 32, 48), np.uint16)
    first[:, :16] = second[:, 32:] = 1
    config = replace(plain_config, annotated_slices=1)  # each pass knows its own start only
    result, _ = run(blind_network, np.zeros((11, 32, 48), np.float32), {0: first, 10: second}, config=config)
    for index in (1, 2, 3):
        assert np.array_equal(result[index], first)
        assert np.array_equal(result[10 - index], second)


def test_volume_of_one_slice_is_its_annotation(tiny_stcn, noisy_stack, two_boxes):
    result, report = run(tiny_stcn, noisy_stack[:1], {0: two_boxes}, config=PropagatorConfig())
    assert np.array_equal(result[0], two_boxes)
    assert report.total == 0
    assert not report.is_cancelled


def test_object_of_one_voxel_and_constant_slices_give_a_result(tiny_stcn):
    labels = np.zeros((35, 51), np.uint16)
    labels[7, 9] = 1
    result, _ = run(tiny_stcn, np.zeros((4, 35, 51), np.float32), {1: labels}, config=PropagatorConfig())
    assert np.array_equal(result[1], labels)
    assert set(np.unique(result)) <= {0, 1}


def test_inputs_are_not_changed(tiny_stcn, noisy_stack, two_boxes):
    labels, stack = two_boxes.copy(), noisy_stack.copy()
    with Propagator(tiny_stcn, ArraySlices(stack)) as propagator:
        propagator.run_round({4: labels})
        propagator.labels(4)[:] = 9
        labels[:] = 1
        assert np.array_equal(propagator.labels(4), two_boxes)
    assert np.array_equal(stack, noisy_stack)


def test_annotations_without_any_object_are_refused(tiny_stcn, noisy_stack, two_boxes):
    with Propagator(tiny_stcn, ArraySlices(noisy_stack)) as propagator:
        with pytest.raises(PropagationError, match="hold no object"):
            propagator.run_round({4: np.zeros_like(two_boxes)})
        assert not propagator.annotations


def test_annotations_of_another_shape_are_refused_and_change_nothing(tiny_stcn, noisy_stack, two_boxes):
    with Propagator(tiny_stcn, ArraySlices(noisy_stack)) as propagator:
        with pytest.raises(ShapeMismatchError):
            propagator.run_round({3: two_boxes, 4: two_boxes.T})
        assert not propagator.annotations
        assert not propagator.all_labels().any()


def test_network_in_training_mode_is_refused(tiny_stcn, noisy_stack):
    tiny_stcn.train()
    try:
        with pytest.raises(PropagationError, match=r"call \.eval\(\)"):
            Propagator(tiny_stcn, ArraySlices(noisy_stack))
    finally:
        tiny_stcn.eval()


@pytest.mark.parametrize("stop", [None, StopRule(area_fraction=0.9, patience=1)])
def test_slices_that_go_together_change_nothing(tiny_stcn, noisy_stack, two_boxes, stop):
    results = []
    for together_px in (1, 10**9):
        config = PropagatorConfig(min_side_px=None, stop=stop, memory_every=4, together_px=together_px)
        with Propagator(tiny_stcn, ArraySlices(noisy_stack), config=config) as propagator:
            propagator.run_round({3: two_boxes, 9: two_boxes})
            results.append(propagator.all_labels())
    assert (results[0] != results[1]).mean() < 1e-3  # sums in another order
    assert len(np.unique(results[0])) > 1
