import pytest
from session_fakes import create_session, make_volume

from isegformer.errors import JournalError, SessionError, SessionMismatchError
from isegformer.session import AcceptSlice, AddClick, AddObject, read_annotations, session_volume_sha256


@pytest.fixture
def finished(folder):
    """Return the folder of a closed session with two accepted slices across axis 2 and its label map."""
    with create_session(folder) as session:
        session.apply(AddObject(label=1, name="liver"))
        for index in (3, 1):
            session.apply(AddClick(label=1, axis=2, index=index, row=2, col=3, is_positive=True))
            session.apply(AcceptSlice(axis=2, index=index))
        labels = session.label_map()
    return folder, labels


def test_labels_names_and_accepted_slices_are_read(finished):
    folder, expected = finished
    read = read_annotations(folder, make_volume())
    assert (read.label_map.labels == expected.labels).all()
    assert read.label_map.labels.any()
    assert dict(read.label_map.names) == {1: "liver"}
    assert dict(read.accepted) == {2: (1, 3)}
    assert read.window.low < read.window.high


def test_the_volume_that_a_session_was_made_on_is_known(finished):
    assert session_volume_sha256(finished[0]) == make_volume().sha256


def test_another_volume_is_refused(finished):
    with pytest.raises(SessionMismatchError, match="was made on"):
        read_annotations(finished[0], make_volume(seed=1))


def test_a_session_that_is_open_is_refused_and_can_be_read_once_it_is_closed(folder):
    with create_session(folder), pytest.raises(SessionError, match="open"):
        read_annotations(folder, make_volume())
    assert dict(read_annotations(folder, make_volume()).accepted) == {}


def test_a_folder_without_session_is_refused(tmp_path):
    with pytest.raises(JournalError, match="no session"):
        read_annotations(tmp_path, make_volume())
