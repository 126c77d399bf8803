import io
import zipfile

import numpy as np
import pytest
from server_fakes import SHAPE

from isegformer.volume import read_label_map


@pytest.fixture
def drawn(client, session):
    """Return the session's address, with an object of a few voxels."""
    clicked = client.post(
        f"{session}/clicks",
        json={
            "label": 1,
            "axis": 2,
            "index": 2,
            "clicks": [{"row": 4, "col": 4, "is_positive": True}],
        },
    )
    assert clicked.status_code == 200, clicked.text
    return session


def test_a_mask_is_the_sessions_label_map(client, drawn, tmp_path):
    answer = client.get(f"{drawn}/exports/nifti")
    assert answer.status_code == 200
    assert 'filename="a_mask.nii.gz"' in answer.headers["content-disposition"]
    (tmp_path / "mask.nii.gz").write_bytes(answer.content)
    labels = read_label_map(tmp_path / "mask.nii.gz").labels
    assert labels.shape == SHAPE
    assert set(np.flatnonzero(labels.any(axis=(0, 1)))) == {2}


def test_an_archive_has_a_file_for_each_object(client, drawn):
    answer = client.get(f"{drawn}/exports/stl", params={"each": True})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["001_liver.stl"]
        assert archive.testzip() is None


def test_sizes_are_a_table(client, drawn):
    answer = client.get(f"{drawn}/exports/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[1].startswith("1,liver,")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("doc", 404),
        ("nifti?object=7", 404),
        ("nifti?object=0", 422),
        ("dicom-seg", 422),
    ],
)
def test_what_cannot_be_exported_is_said(client, drawn, address, status):
    answer = client.get(f"{drawn}/exports/{address}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_session_that_is_not_there(client):
    assert client.get(f"/api/sessions/{'0' * 16}/exports/nifti").status_code == 404
