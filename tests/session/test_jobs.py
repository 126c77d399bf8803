import threading

import numpy as np
import pytest
from session_fakes import SHAPE, copy_nearest, create_session, snapshot

from isegformer.errors import SessionError
from isegformer.session import AcceptSlice, AddObject, Job, PaintMask, Propagate
from isegformer.slicing import Plane


class Gate:
    """A propagation that stops before its third slice until the test lets it go on."""

    def __init__(self):
        self.is_waiting = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, volume, annotations, *, on_progress=None, **options):
        def report(done, total):
            on_progress(done, total)
            if done == 2:
                self.is_waiting.set()
                assert self.may_go_on.wait(30)

        return copy_nearest(volume, annotations, on_progress=report, **options)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def session(folder, gate):
    with create_session(folder, propagations={"gate": gate}) as made:
        made.apply(AddObject(label=1, name="a"))
        plane = Plane(axis=0, index=1)
        made.apply(PaintMask.from_mask(np.ones(SHAPE[1:], bool), label=1, plane=plane))
        made.apply(AcceptSlice(axis=0, index=1))
        yield made


PROPAGATE = Propagate(axis=0, method="gate")


def test_a_job_reports_progress_while_the_session_can_be_read_and_then_its_outcome(session, gate):
    job = Job(session, PROPAGATE, user="eva")
    assert gate.is_waiting.wait(30)
    assert job.progress == (2, SHAPE[0])
    assert not job.is_done
    assert session.label_map().labels[3].max() == 0
    assert len(session.history()) == 3
    with pytest.raises(TimeoutError, match="still at work"):
        job.wait(timeout_s=0.01)
    gate.may_go_on.set()
    assert job.wait(30).seq == 4
    assert job.is_done
    assert job.progress == (SHAPE[0], SHAPE[0])
    assert (session.label_map().labels == 1).all()
    assert session.history()[-1].user == "eva"


def test_a_cancelled_job_leaves_the_session_and_its_journal_unchanged(session, gate):
    before = snapshot(session)
    job = Job(session, PROPAGATE)
    assert gate.is_waiting.wait(30)
    job.cancel()
    gate.may_go_on.set()
    assert not job.wait(30).is_applied
    assert snapshot(session) == before
    assert len(session.history()) == 3


def test_a_job_raises_what_its_command_raised(session):
    job = Job(session, Propagate(axis=1, method="gate"))
    with pytest.raises(SessionError, match="no slice across axis 1"):
        job.wait(30)
    assert job.is_done
