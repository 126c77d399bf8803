import subprocess
import sys
import threading
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_fakes import (
    PROPAGATIONS,
    SHAPE,
    WEIGHTS,
    FakeSegmenter,
    create_session,
    make_volume,
    open_session,
    random_command,
    snapshot,
    try_apply,
)

from isegformer.errors import SessionError, SessionMismatchError
from isegformer.session import (
    AcceptSlice,
    AddClick,
    AddObject,
    AdoptWeights,
    Journal,
    PaintMask,
    Propagate,
    Redo,
    RenameObject,
    SetObjectLocked,
    Undo,
    WeightsFingerprint,
    adopt_weights,
    replay,
)
from isegformer.session.journal import JOURNAL_NAME
from isegformer.slicing import Plane

CLICK = AddClick(label=1, axis=0, index=2, row=3, col=3, is_positive=True)
NEW_WEIGHTS = WeightsFingerprint(click="n" * 64, propagation="p" * 64)

property_settings = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def state_of(session):
    """Return the snapshot without what undo and redo could do next."""
    whole = vars(snapshot(session))
    return {key: value for key, value in whole.items() if key not in ("can_undo", "can_redo")}


def run_against_model(session, commands):
    """Apply commands and compare with a list of earlier states; return those before each command in force."""
    done, undone = [], []
    for command in commands:
        before = state_of(session)
        if isinstance(command, Undo):
            assert session.can_undo == bool(done)
        if isinstance(command, Redo):
            assert session.can_redo == bool(undone)
        if not try_apply(session, command):
            assert state_of(session) == before
        elif isinstance(command, Undo):
            undone.append(before)
            assert state_of(session) == done.pop()
        elif isinstance(command, Redo):
            done.append(before)
            assert state_of(session) == undone.pop()
        else:
            done.append(before)
            undone.clear()
    return done


@property_settings
@given(random=st.randoms(use_true_random=True))
def test_any_work_is_undone_redone_reopened_and_replayed_exactly(random, tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    with create_session(folder) as session:
        first = [AddObject(label=1, name="first"), AddObject(label=2, name="second"), CLICK]
        done = run_against_model(session, [*first, *(random_command(random) for _ in range(30))])
        end = snapshot(session)
        assert session.verify_replay().is_identical
    with open_session(folder) as session:
        assert snapshot(session) == end
        assert session.verify_replay().is_identical
        forward = []
        while session.can_undo:
            forward.append(state_of(session))
            session.undo()
            assert state_of(session) == done.pop()
        assert not done
        while forward:
            session.redo()
            assert state_of(session) == forward.pop()


@property_settings
@given(random=st.randoms(use_true_random=True))
def test_accepted_slices_and_locked_objects_never_change(random, tmp_path_factory):
    with create_session(tmp_path_factory.mktemp("work")) as session:
        session.apply(AddObject(label=1, name="first"))
        session.apply(PaintMask.from_mask(np.eye(7, 6, dtype=bool), label=1, plane=Plane(axis=0, index=1)))
        session.apply(AcceptSlice(axis=0, index=1))
        for _ in range(40):
            before = session.label_map().labels
            accepted = [Plane(axis=a, index=i) for a in range(3) for i in session.annotated(a)]
            locked = [item.label for item in session.objects if item.is_locked]
            command = random_command(random)
            if isinstance(command, Undo | Redo) or not try_apply(session, command):
                continue
            after = session.label_map().labels
            for plane in accepted:
                np.testing.assert_array_equal(
                    np.take(after, plane.index, plane.axis), np.take(before, plane.index, plane.axis)
                )
            for label in locked:
                np.testing.assert_array_equal(after == label, before == label)


def test_undo_takes_the_last_command_back_and_redo_brings_it_again(session):
    start = state_of(session)
    session.apply(CLICK)
    clicked = state_of(session)
    outcome = session.undo()
    assert outcome.is_applied
    assert outcome.changed is not None
    assert state_of(session) == start
    assert (session.can_undo, session.can_redo) == (True, True)
    session.redo()
    assert state_of(session) == clicked
    assert not session.can_redo


def test_a_new_command_drops_the_undone_ones_from_the_line_but_not_from_the_journal(session):
    session.apply(RenameObject(label=1, name="dropped"))
    session.undo()
    session.apply(RenameObject(label=1, name="kept"))
    with pytest.raises(SessionError, match="nothing to redo"):
        session.redo()
    assert [(type(entry.command).__name__, entry.is_in_force) for entry in session.history()] == [
        ("AddObject", True),
        ("RenameObject", False),
        ("Undo", False),
        ("RenameObject", True),
    ]


def test_undo_reaches_the_empty_session_and_no_further(session):
    session.undo()
    assert session.objects == ()
    with pytest.raises(SessionError, match="nothing to undo"):
        session.undo()


def test_undo_and_redo_survive_reopening(session, reopen):
    session.apply(CLICK)
    clicked = state_of(session)
    session.undo()
    session.close()
    again = reopen()
    assert again.can_redo
    again.redo()
    assert state_of(again) == clicked


def test_reopening_asks_no_network(session, reopen):
    session.apply(CLICK)
    end = snapshot(session)
    session.close()
    assert snapshot(reopen(segmenter=None, propagations={})) == end


def test_the_click_after_reopening_gives_what_it_gave_without(tmp_path):
    results = []
    for has_pause in (False, True):
        session = create_session(tmp_path / str(has_pause))
        session.apply(AddObject(label=1, name="a"))
        session.apply(CLICK)
        if has_pause:
            session.close()
            session = open_session(tmp_path / str(has_pause))
        session.apply(AddClick(label=1, axis=0, index=2, row=5, col=1, is_positive=True))
        results.append(session.label_map().labels.tobytes())
        session.close()
    assert results[0] == results[1]


def test_reading_gives_copies(session):
    session.apply(CLICK)
    before = snapshot(session)
    session.label_map().labels[...] = 9
    session.slice_labels(Plane(axis=0, index=2))[...] = 9
    assert snapshot(session) == before


def test_another_volume_is_refused_with_both_hashes(session, folder):
    session.close()
    other = make_volume(seed=1)
    with pytest.raises(SessionMismatchError) as caught:
        open_session(folder, volume=other)
    assert other.sha256[:12] in str(caught.value)
    assert make_volume().sha256[:12] in str(caught.value)
    assert "create a new session" in str(caught.value)
    open_session(folder).close()


@pytest.mark.parametrize("kind", ["click", "propagation"])
def test_other_weights_are_refused_with_both_hashes(session, folder, kind):
    session.close()
    other = WeightsFingerprint(**{**vars(WEIGHTS), kind: "0123456789abcdef" * 4})
    with pytest.raises(SessionMismatchError) as caught:
        open_session(folder, weights=other)
    assert f"{kind} weights" in str(caught.value)
    assert "0123456789ab)" in str(caught.value)
    assert f"{kind[0] * 12})" in str(caught.value)
    assert "adopt_weights" in str(caught.value)


def test_adopted_weights_go_on_with_what_is_there(session, folder, reopen):
    session.apply(CLICK)
    before = state_of(session)
    session.close()
    adopt_weights(folder, weights=NEW_WEIGHTS, user="eva")
    with pytest.raises(SessionMismatchError, match="click weights"):
        reopen()
    stronger = FakeSegmenter(gain=2.0)
    again = reopen(weights=NEW_WEIGHTS, segmenter=stronger)
    assert state_of(again) == before
    assert again.weights == NEW_WEIGHTS
    again.apply(AddClick(label=1, axis=0, index=2, row=5, col=1, is_positive=True))
    report = again.verify_replay()
    assert report.is_identical
    assert (report.reexecuted, report.taken_over) == (1, 2)
    assert again.history()[2].command == AdoptWeights(
        click=NEW_WEIGHTS.click, propagation=NEW_WEIGHTS.propagation
    )
    assert again.history()[2].user == "eva"
    again.undo()
    assert state_of(again) == before
    again.undo()
    assert again.weights == NEW_WEIGHTS


def test_weights_are_not_adopted_in_an_open_session(session, folder):
    with pytest.raises(SessionError, match="AdoptWeights is not a command"):
        session.apply(AdoptWeights(click="x", propagation="y"))
    with pytest.raises(SessionError, match="open already"):
        adopt_weights(folder, weights=NEW_WEIGHTS)


def test_replay_finds_weights_that_are_not_what_they_claim(session, folder, reopen):
    session.apply(CLICK)
    session.close()
    report = reopen(segmenter=FakeSegmenter(gain=3.0)).verify_replay()
    assert not report.is_identical
    assert report.differing_voxels > 0


def test_a_replay_reports_what_the_session_was_made_on(tmp_path):
    create_session(tmp_path, runtime="cpu, 1 thread").close()
    with open_session(tmp_path) as session:
        assert session.verify_replay().runtime == "cpu, 1 thread"
    with pytest.raises(SessionError, match="runtime"):
        create_session(tmp_path / "other", runtime=4)


def test_replay_gives_the_label_map_without_a_session(session, folder):
    session.apply(CLICK)
    session.apply(AcceptSlice(axis=0, index=2))
    session.apply(Propagate(axis=0, method="nearest"))
    end = session.label_map()
    session.close()
    journal = Journal(folder / JOURNAL_NAME)
    result = replay(journal, make_volume(), segmenter=FakeSegmenter(), propagations=PROPAGATIONS)
    journal.close()
    np.testing.assert_array_equal(result.labels, end.labels)
    assert result.geometry == end.geometry
    assert dict(result.names) == {1: "liver"}


def test_work_goes_on_after_a_replay_as_before_it(tmp_path):
    results = []
    for has_replay in (False, True):
        with create_session(tmp_path / str(has_replay)) as session:
            session.apply(AddObject(label=1, name="a"))
            session.apply(CLICK)
            session.apply(AddClick(label=1, axis=1, index=0, row=0, col=0, is_positive=True))
            session.undo()
            if has_replay:
                assert session.verify_replay().is_identical
            session.apply(AddClick(label=1, axis=1, index=0, row=2, col=1, is_positive=True))
            results.append(session.label_map().labels.tobytes())
    assert results[0] == results[1]


def test_a_folder_opens_once(session, folder):
    with pytest.raises(SessionError, match=r"open already, here or in another process"):
        open_session(folder)
    with pytest.raises(SessionError, match="open already"):
        create_session(folder)
    session.close()
    open_session(folder).close()


def test_a_folder_that_another_process_holds_is_refused_until_it_ends(folder):
    folder.mkdir()
    code = (
        "import sys, pathlib; from isegformer.session.folder_lock import FolderLock;"
        "lock = FolderLock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SessionError, match="open already"):
            create_session(folder)
        holder.kill()
    create_session(folder).close()


def test_a_closed_session_refuses_commands_and_may_be_closed_again(session):
    session.close()
    session.close()
    for act in (session.undo, session.verify_replay, lambda: session.apply(CLICK)):
        with pytest.raises(SessionError, match="closed; open"):
            act()


def test_a_session_that_was_interrupted_between_writing_and_changing_asks_to_be_reopened(
    session, reopen, monkeypatch
):
    append = session._journal.append

    def interrupted(entry):
        append(entry)
        raise KeyboardInterrupt

    monkeypatch.setattr(session._journal, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.apply(RenameObject(label=1, name="late"))
    with pytest.raises(SessionError, match="interrupted while it wrote"):
        session.apply(CLICK)
    session.close()
    assert reopen().objects[0].name == "late"


def test_commands_from_many_threads_follow_one_another(session):
    session.apply(AddObject(label=2, name="b"))

    def work(seed):
        random = Random(seed)
        for _ in range(12):
            try_apply(session, random_command(random))
            session.label_map()
            session.history()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.verify_replay().is_identical
    assert [entry.seq for entry in session.history()] == list(range(1, len(session.history()) + 1))


def test_a_locked_object_is_unlocked_by_command_only(session):
    session.apply(SetObjectLocked(label=1, is_locked=True))
    with pytest.raises(SessionError, match="locked"):
        session.apply(CLICK)
    session.apply(SetObjectLocked(label=1, is_locked=False))
    session.apply(CLICK)
    assert session.label_map().labels.any()


def test_a_failed_open_lets_the_folder_go(session, folder):
    session.close()
    with pytest.raises(SessionMismatchError):
        open_session(folder, volume=make_volume(seed=3))
    with open_session(folder) as again:
        assert again.objects == session.objects


def test_importing_the_session_brings_no_torch():
    code = "import sys, isegformer.session; sys.exit('torch' in sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_outcomes_name_the_entry_and_the_block_that_changed(session):
    mask = np.zeros(SHAPE[1:], bool)
    mask[2:4, 1:5] = True
    outcome = session.apply(PaintMask.from_mask(mask, label=1, plane=Plane(axis=0, index=3)))
    assert outcome.seq == 2
    assert (outcome.changed.start, outcome.changed.stop) == ((3, 2, 1), (4, 4, 5))
    assert session.apply(AcceptSlice(axis=0, index=3)).changed is None


def test_a_view_shows_one_moment_and_counts_the_voxels(session, reopen):
    assert (session.view().seq, session.view().can_undo) == (1, True)
    mask = np.zeros(SHAPE[1:], bool)
    mask[2:4, 1] = True
    session.apply(PaintMask.from_mask(mask, label=1, plane=Plane(axis=0, index=3)))
    view = session.view()
    assert (view.seq, dict(view.voxels), view.can_redo) == (2, {1: 2}, False)
    session.undo()
    assert (session.view().seq, dict(session.view().voxels), session.view().can_redo) == (3, {1: 0}, True)
    session.redo()
    end = session.view()
    session.close()
    assert reopen().view() == end
    assert dict(end.voxels) == {1: 2}


def test_a_block_of_labels_is_a_copy_with_the_number_of_the_last_command(session):
    mask = np.zeros(SHAPE[1:], bool)
    mask[2:4, 1] = True
    outcome = session.apply(PaintMask.from_mask(mask, label=1, plane=Plane(axis=0, index=3)))
    seq, block = session.label_block(outcome.changed)
    assert (seq, block.tolist()) == (2, [[[1], [1]]])
    block[:] = 9
    assert session.label_map().labels.max() == 1
