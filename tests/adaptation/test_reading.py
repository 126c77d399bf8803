import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from isegformer.adaptation.reading import read_cases
from isegformer.errors import DatasetError, SessionMismatchError
from isegformer.session import AcceptSlice, AddClick, AddObject
from isegformer.slicing import Plane
from isegformer.volume import Geometry, LabelMap, read_volume, write_label_map

sys.path.insert(0, str(Path(__file__).parents[1] / "session"))  # import mode importlib leaves tests off it

from session_fakes import create_session  # found through the line above

LABELS = np.zeros((20, 18, 14), np.uint16)
LABELS[4:16, 3:15, 2:12] = 2
FEW = np.where(np.isin(np.arange(14), (3, 6, 10)), LABELS, 0).astype(np.uint16)


@pytest.fixture
def volume_file(tmp_path):
    """Return a volume on disk."""
    path = tmp_path / "scan.nii.gz"
    voxels = (50 + 100 * (LABELS > 0)).astype(np.uint16)
    write_label_map(LabelMap(voxels, geometry_of(LABELS.shape)), path)
    return path


def geometry_of(shape):
    return Geometry(shape, np.diag([1.0, 1.5, 2.0, 1.0]))


def put_labels(path, labels):
    write_label_map(LabelMap(labels, geometry_of(labels.shape)), path)
    return path


def test_a_volume_and_its_label_map(tmp_path, volume_file):
    labels = put_labels(tmp_path / "labels.nrrd", FEW)
    (case,) = read_cases([f"{volume_file}={labels}"])
    assert case.name == "scan.nii.gz"
    assert dict(case.known) == {2: (3, 6, 10)}
    assert (case.labels == FEW).all()


def test_the_axis_can_be_named(tmp_path, volume_file):
    labels = put_labels(tmp_path / "labels.nrrd", LABELS)
    (case,) = read_cases([f"{volume_file}={labels}"], axis=0)
    assert dict(case.known) == {0: tuple(range(4, 16))}


def test_a_folder_of_volumes_and_one_of_slices(tmp_path):
    volumes, slices = tmp_path / "volumes", tmp_path / "slices"
    volumes.mkdir()
    for name in ("a", "b"):
        put_labels(volumes / f"{name}_image.nii.gz", 10 * LABELS)
        put_labels(volumes / f"{name}_label.nii.gz", LABELS)
    photograph, empty = np.full((30, 40, 3), 90, np.uint8), np.zeros((30, 40), np.uint8)
    for part, pixels in (("images", photograph), ("labels", empty)):
        (slices / part).mkdir(parents=True)
        marked = pixels.copy()
        marked[5:20, 8:30] = 7
        assert cv2.imwrite(str(slices / part / "c.png"), marked)
    cases = read_cases([str(volumes), str(slices)])
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert cases[0].objects == (2,)
    image = cases[2]
    assert image.image(Plane(axis=2, index=0)).shape == (30, 40, 3)
    assert image.mask(7, Plane(axis=2, index=0)).sum() == 15 * 22
    assert dict(image.known) == {2: (0,)}


@pytest.fixture
def session_folder(tmp_path, volume_file):
    """Return the folder of a session on the volume, with one accepted slice."""
    folder = tmp_path / "session"
    with create_session(folder, volume=read_volume(volume_file)) as session:
        session.apply(AddObject(label=1, name="liver"))
        session.apply(AddClick(label=1, axis=2, index=3, row=8, col=9, is_positive=True))
        session.apply(AcceptSlice(axis=2, index=3))
    return folder


def test_a_volume_and_a_session_on_it(volume_file, session_folder):
    (case,) = read_cases([f"{volume_file}={session_folder}"])
    assert dict(case.known) == {2: (3,)}
    assert case.objects == (1,)
    assert case.mask(1, Plane(axis=2, index=3)).any()


def test_a_session_folder_alone_finds_its_volume_beside_it(volume_file, session_folder, tmp_path):
    put_labels(tmp_path / "another.nii.gz", LABELS)
    (tmp_path / "notes.txt").write_text("not a volume")
    (case,) = read_cases([str(session_folder)])
    assert case.volume.sha256 == read_volume(volume_file).sha256
    volume_file.unlink()
    with pytest.raises(DatasetError, match="neither in it nor beside it; name both, as VOLUME="):
        read_cases([str(session_folder)])


def test_a_session_on_another_volume_is_refused(session_folder, tmp_path):
    other = put_labels(tmp_path / "other.nii.gz", 10 * LABELS)
    with pytest.raises(SessionMismatchError, match="was made on"):
        read_cases([f"{other}={session_folder}"])


def test_a_session_without_accepted_slices_is_refused(volume_file, tmp_path):
    with create_session(tmp_path / "new", volume=read_volume(volume_file)):
        pass
    with pytest.raises(DatasetError, match="has no accepted slice; accept some"):
        read_cases([f"{volume_file}={tmp_path / 'new'}"])


def test_what_holds_no_cases_is_refused_with_the_expected_forms(tmp_path):
    with pytest.raises(DatasetError, match="is not a folder of cases"):
        read_cases([str(tmp_path / "absent")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"(?s)none of these forms.*_image\.nii\.gz.*labels/<case>"):
        read_cases([str(tmp_path / "empty")])
