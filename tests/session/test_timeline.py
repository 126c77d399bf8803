import pytest

from isegformer.errors import SessionError
from isegformer.session.timeline import Timeline, follow


def line(*names):
    return follow(enumerate(names, start=1))


@pytest.mark.parametrize(
    ("names", "done", "can_redo"),
    [
        ([], (), False),
        (["AddObject", "AddClick"], (1, 2), False),
        (["AddObject", "AddClick", "Undo"], (1,), True),
        (["AddObject", "AddClick", "Undo", "Undo", "Redo"], (1,), True),
        (["AddObject", "AddClick", "Undo", "Redo"], (1, 2), False),
        (["AddObject", "AddClick", "Undo", "AddClick"], (1, 4), False),
        (["AddObject", "AdoptWeights", "AddClick", "Undo"], (1,), True),
        (["AddObject", "Undo", "AdoptWeights", "Redo"], (1,), False),
    ],
)
def test_the_present_is_what_was_done_less_what_was_undone(names, done, can_redo):
    timeline = line(*names)
    assert timeline.done == done
    assert timeline.can_undo == bool(done)
    assert timeline.can_redo == can_redo


def test_undo_and_redo_without_anything_to_do_are_refused():
    with pytest.raises(SessionError, match="nothing to undo"):
        Timeline().undo()
    with pytest.raises(SessionError, match="nothing to redo"):
        line("AddObject").redo()
