"""Rounds of propagation: the next one is told what the last one left, and touches nothing else."""

import numpy as np
import pytest
from session_fakes import SHAPE, WEIGHTS, copy_nearest, create_session, make_volume, open_session

from isegformer.session import (
    AcceptSlice,
    AddObject,
    ImportLabelMap,
    PaintMask,
    Propagate,
    ReopenSlice,
    SetObjectLocked,
    SetWindow,
    WeightsFingerprint,
    adopt_weights,
)
from isegformer.slicing import Plane
from isegformer.volume import Geometry, LabelMap, Volume, Window

SPY = Propagate(axis=0, method="spy")


def paint(label, index, columns, *, axis=0):
    mask = np.zeros(SHAPE[1:] if axis == 0 else (SHAPE[0], SHAPE[2]), bool)
    mask[:, columns] = True
    return PaintMask.from_mask(mask, label=label, plane=Plane(axis=axis, index=index))


def accept(index, *, axis=0):
    return AcceptSlice(axis=axis, index=index)


def columns(session):
    """Return the label of every column (k) of every slice across axis 0, which must be uniform along rows."""
    labels = session.label_map().labels
    assert (labels == labels[:, :1]).all()
    return labels[:, 0].tolist()


def rounds_of(session):
    return session._state.sheet.rounds


@pytest.fixture
def seen():
    """Return the list of what earlier rounds left, one item for each propagation."""
    return []


@pytest.fixture
def methods(seen):
    def spy(volume, annotations, *, earlier=None, **options):
        seen.append(earlier)
        return copy_nearest(volume, annotations, earlier=earlier, **options)

    return {"spy": spy, "other": spy}


@pytest.fixture
def session(folder, methods):
    """Return a session with two objects after a first round from slices 0 and 4."""
    with create_session(folder, propagations=methods) as made:
        made.apply(AddObject(label=1, name="a"))
        made.apply(AddObject(label=2, name="b"))
        for command in (paint(1, 0, [0]), paint(1, 4, [4]), accept(0), accept(4), SPY):
            made.apply(command)
        yield made


def test_the_first_round_has_no_earlier_result(session, seen):
    assert seen == [None]


def test_a_second_round_is_told_the_annotations_and_the_labels_of_the_first(session, seen):
    session.apply(paint(2, 2, [5]))
    first = session.label_map().labels
    session.apply(accept(3))
    session.apply(SPY)
    earlier = seen[1]
    assert sorted(earlier.annotations) == [0, 4]
    np.testing.assert_array_equal(earlier.annotations[0], first[0])
    np.testing.assert_array_equal(earlier.annotations[4], first[4])
    np.testing.assert_array_equal(earlier.labels, np.where(first == 2, 0, first))
    assert earlier.labels.dtype == np.uint16


def test_a_second_round_only_touches_slices_between_its_neighbours(session):
    session.apply(paint(1, 1, [1]))  # not accepted: a round that reached it would replace it
    session.apply(accept(2))
    session.apply(SPY)
    session.apply(paint(1, 3, [2, 3]))
    session.apply(accept(3))
    assert columns(session)[1] == [1, 0, 0, 0, 0, 0]  # between 0 and the new slice 2
    session.apply(paint(1, 1, [1]))
    before = columns(session)
    session.apply(SPY)
    assert columns(session) == before  # the new slice 3 has neighbours 2 and 4
    assert before[1] == [0, 1, 0, 0, 0, 0]


def test_an_annotation_that_changed_counts_as_new(session, seen):
    for command in (ReopenSlice(axis=0, index=4), paint(1, 4, [3]), accept(4), SPY):
        session.apply(command)
    assert sorted(seen[1].annotations) == [0]
    assert columns(session)[3] == [0, 0, 0, 1, 0, 0]


def test_a_slice_that_is_accepted_no_more_is_named_so_that_all_is_redone(session, seen):
    session.apply(paint(1, 2, [5]))
    session.apply(ReopenSlice(axis=0, index=4))
    session.apply(SPY)
    assert sorted(seen[1].annotations) == [0, 4]
    assert columns(session) == [[1, 0, 0, 0, 0, 0]] * 5


def test_locking_one_object_does_not_make_the_slices_of_others_new(session, seen):
    for command in (paint(2, 1, [2]), accept(1), SPY, SetObjectLocked(label=2, is_locked=True), SPY):
        session.apply(command)
    assert sorted(seen[2].annotations) == [0, 1, 4]


def imported():
    labels = np.zeros(SHAPE, np.uint16)
    labels[0, :, 0] = labels[4, :, 4] = 1
    return ImportLabelMap.from_label_map(LabelMap(labels, make_volume().geometry, {}))


@pytest.mark.parametrize(
    ("between", "propagate"),
    [
        ([], Propagate(axis=0, method="other")),
        ([accept(0, axis=1)], Propagate(axis=1, method="spy")),
        ([SetWindow(low=0, high=5)], SPY),
        ([imported()], SPY),
    ],
    ids=["method", "axis", "window", "import"],
)
def test_what_makes_another_result_starts_a_round_of_its_own(session, seen, between, propagate):
    for command in (*between, propagate):
        session.apply(command)
    assert seen == [None, None]


def test_other_weights_start_over(session, seen, folder, methods):
    session.close()
    new = WeightsFingerprint(click=WEIGHTS.click, propagation="n" * 64)
    adopt_weights(folder, weights=new)
    with open_session(folder, weights=new, propagations=methods) as again:
        again.apply(SPY)
        again.apply(SPY)
        assert seen[:2] == [None, None]
        assert seen[2] is not None
        assert again.verify_replay().is_identical


def test_undo_redo_reopening_and_replay_bring_the_rounds_back_exactly(session, folder, methods, seen):
    first = rounds_of(session)
    assert len(first) == 1
    session.undo()
    assert rounds_of(session) == {}
    session.apply(SPY)
    assert seen == [None, None]
    for command in (paint(2, 2, [1]), accept(2), SPY):
        session.apply(command)
    second = rounds_of(session)
    assert second != first
    session.undo()
    assert rounds_of(session) == first
    session.redo()
    assert rounds_of(session) == second
    before = columns(session)
    session.close()
    with open_session(folder, propagations=methods) as again:
        assert rounds_of(again) == second
        assert columns(again) == before
        assert again.verify_replay().is_identical
        assert sorted(seen[-1].annotations) == [0, 4]
        again.undo()
        assert rounds_of(again) == first
        again.apply(SPY)
        assert sorted(seen[-1].annotations) == [0, 4]
        assert again.verify_replay().is_identical


def test_a_cancelled_round_is_no_round(session):
    session.apply(paint(1, 2, [1]))
    session.apply(accept(2))
    first = rounds_of(session)
    assert not session.apply(SPY, is_cancelled=lambda: True).is_applied
    assert rounds_of(session) == first


@pytest.mark.parametrize("axis", [0, 2])
def test_a_second_round_of_the_network_changes_slices_between_its_neighbours_only(folder, tiny_method, axis):
    rng = np.random.default_rng(3)
    shape = (13, 32, 32) if axis == 0 else (32, 32, 13)
    volume = Volume(rng.integers(0, 1000, shape).astype(np.int16), Geometry(shape, np.eye(4)))
    options = {"volume": volume, "propagations": {"stcn": tiny_method}, "window": Window(0, 1000)}
    with create_session(folder, **options) as session:
        session.apply(AddObject(label=1, name="a"))
        session.apply(AddObject(label=2, name="b"))
        for index, size in ((0, 8), (4, 6), (12, 10)):
            work_on(session, size, Plane(axis=axis, index=index))
        session.apply(Propagate(axis=axis, method="stcn"))
        for index in (2, 7):  # not accepted: only a round that reaches them replaces them
            checked = np.indices((32, 32)).sum(axis=0) % 2 == 0
            session.apply(PaintMask.from_mask(checked, label=1, plane=Plane(axis=axis, index=index)))
        first = session.label_map().labels
        work_on(session, 18, Plane(axis=axis, index=8))
        session.apply(Propagate(axis=axis, method="stcn"))
        changed = np.moveaxis(session.label_map().labels != first, axis, 0).any(axis=(1, 2))
        assert set(np.flatnonzero(changed)) <= set(range(5, 12))
        assert changed[7]
        assert session.verify_replay().is_identical


def work_on(session, size, plane):
    """Paint two objects and accept the slice; with one alone, a random network gives all or nothing."""
    for label, rows, cols in ((1, slice(2, 2 + size), slice(4, 4 + size)), (2, slice(20, 30), slice(18, 30))):
        mask = np.zeros((32, 32), bool)
        mask[rows, cols] = True
        session.apply(PaintMask.from_mask(mask, label=label, plane=plane))
    session.apply(AcceptSlice(axis=plane.axis, index=plane.index))


@pytest.fixture
def tiny_method():
    """Return propagation with a small network with random weights, in the form that a session takes."""
    import torch  # noqa: PLC0415  # slow, and nothing else here needs it

    from isegformer.cli.networks import as_propagation  # noqa: PLC0415
    from isegformer.models.stcn import Stcn  # noqa: PLC0415
    from isegformer.models.stcn_config import EncoderConfig, StcnConfig  # noqa: PLC0415
    from isegformer.propagation import PropagatorConfig, StcnPropagation  # noqa: PLC0415

    torch.manual_seed(3)
    encoder = EncoderConfig(
        block="basic",
        norm="group",
        stem_kernel=3,
        stem_channels=8,
        widths=(8, 8, 16),
        depths=(1, 1, 1),
        has_conv_bias=False,
    )
    config = StcnConfig(
        key_encoder=encoder,
        value_encoder=encoder,
        key_channels=8,
        context_channels=8,
        value_channels=8,
        attention_reduction=2,
        decoder_channels=(8, 8, 8),
    )
    network = Stcn(config).eval()
    with torch.no_grad():
        network.decoder.pred.weight.mul_(20)  # random masks that are neither all nor nothing
        network.key_proj.weight.mul_(5)
    return as_propagation(StcnPropagation(network, config=PropagatorConfig(min_side_px=None, stop=None)))
