"""What people send: taken when it is a volume, refused with a reason otherwise, never outside the root."""

import gzip
import io
import os
import struct

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_fakes import SHAPE, write_scan

from isegformer.errors import RequestError
from isegformer.server.app import SPOOL_BYTES
from isegformer.server.uploads import LONGEST_NAME, SUFFIXES, Uploads, safe_name


@pytest.fixture
def good(tmp_path):
    return write_scan(tmp_path / "elsewhere" / "x.nii.gz", seed=5).read_bytes()


def send(client, data, name="new.nii.gz"):
    return client.post("/api/scans", files={"file": (name, data)})


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def bomb(shape, *, claims=None):
    """Return a NIfTI file of zeros, compressed far; `claims` is the shape in the header."""
    header = nib.Nifti1Header()
    header.set_data_shape(claims or shape)
    header.set_data_dtype(np.int16)
    raw = bytes(header.binaryblock) + b"\0" * 4 + b"\0" * (2 * int(np.prod(shape)))
    return gzip.compress(raw, 9)


def test_a_volume_is_listed_after_it_was_sent(client, good):
    answer = send(client, good)
    assert answer.status_code == 201
    assert answer.json()["name"] == "new.nii.gz"
    shown = client.get(f"/api/scans/{answer.json()['id']}").json()
    assert shown["shape"] == list(SHAPE)


def test_files_that_come_together_are_not_held_in_memory(client, monkeypatch):
    in_memory = []

    def take(uploads, sent):
        in_memory.extend(isinstance(one.content._file, io.BytesIO) for one in sent)
        raise RequestError("seen")

    monkeypatch.setattr(Uploads, "take", take)
    large, small = ("file", ("large.dcm", bytes(SPOOL_BYTES + 1))), ("file", ("small.dcm", bytes(100)))
    assert client.post("/api/scans", files=[large, large, small]).status_code == 422
    assert in_memory == [False, False, True]


def test_a_name_that_is_taken_gets_a_number(client, good, data_root):
    before = (data_root / "a.nii.gz").read_bytes()
    assert send(client, good, "a.nii.gz").json()["name"] == "a-2.nii.gz"
    assert send(client, good, "a.nii.gz").json()["name"] == "a-3.nii.gz"
    assert (data_root / "a.nii.gz").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    [
        "../../up.nii.gz",
        "/etc/up.nii.gz",
        "..\\..\\up.nii.gz",
        "C:\\up.nii.gz",
        ".isegformer/up.nii.gz",
        ".up.nii.gz",
    ],
)
def test_names_cannot_lead_out_of_the_root(client, good, data_root, tmp_path, name):
    before = everything(tmp_path)
    assert send(client, good, name).json()["name"] == "up.nii.gz"
    assert set(everything(tmp_path)) - set(before) == {"data/up.nii.gz"}


@pytest.mark.parametrize("name", ["a.txt", "a.nhdr", "a.mhd", "nii.gz", "a.nii.gz.exe", "..", "a.nii.gz/"])
def test_names_of_other_kinds_of_files_are_refused(client, good, data_root, name):
    before = everything(data_root)
    answer = send(client, good, name)
    assert answer.status_code == 422
    assert "expected a name that ends in .nii.gz" in answer.json()["detail"]
    assert everything(data_root) == before


@given(name=st.text(max_size=200), suffix=st.sampled_from(SUFFIXES))
def test_a_safe_name_is_one_plain_part_of_a_path(name, suffix):
    try:
        safe = safe_name(name + suffix)
    except RequestError:
        return
    assert safe.isprintable()
    assert safe.isascii()
    assert safe[0] not in ". "
    assert not set(safe) & set('/\\:*?"<>|\0')
    assert len(safe) <= LONGEST_NAME + len(suffix) + 1


def test_a_truncated_file_is_refused_at_every_length(client, good, data_root):
    before = everything(data_root)
    for length in range(0, len(good), 61):
        answer = send(client, good[:length])
        assert answer.status_code == 422, length
        assert answer.json()["type"] == "urn:isegformer:problem:unreadable-scan"
    assert everything(data_root) == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bomb((40, 40, 12)), "compressed further than is believed"),
        (bomb((2, 2, 2), claims=(400, 400, 400)), "at most 20000"),
        (bomb((2, 2, 2), claims=(20, 20, 20)), "cannot be read"),
        (struct.pack("<i", 348) + b"\xff" * 400, "cannot be read"),
    ],
    ids=["ratio", "voxels", "less than claimed", "garbage"],
)
def test_bombs_are_refused_before_they_unfold(client, data_root, data, message):
    before = everything(data_root)
    answer = send(client, data)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    assert everything(data_root) == before


def test_a_file_that_is_too_large_is_refused_by_what_it_claims(client):
    answer = send(client, b"\0" * 400_000)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:isegformer:problem:too-large"


def test_a_file_that_is_too_large_is_refused_while_it_streams(client, data_root):
    sent = 0

    def stream():
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.nii.gz"\r\n\r\n'
        for _ in range(1000):
            sent += 10_000
            yield b"\0" * 10_000

    before = everything(data_root)
    answer = client.post(
        "/api/scans", content=stream(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413
    assert everything(data_root) == before


def test_a_root_that_cannot_be_written_is_told(client, good, data_root, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("isegformer.server.uploads.copy_within", full)
    answer = send(client, good)
    assert answer.status_code == 507
    assert "No space left" in answer.json()["detail"]


def test_what_a_killed_server_left_of_an_upload_is_removed(serve, data_root):
    for name in (".upload-old", ".upload-new"):
        (data_root / name).mkdir()
        (data_root / name / "half.nii.gz").write_bytes(b"half")
    os.utime(data_root / ".upload-old", (1e9, 1e9))
    serve()
    assert not (data_root / ".upload-old").exists()
    assert (data_root / ".upload-new" / "half.nii.gz").exists()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (
            "x.mha",
            "ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR\nElementDataFile = {}\n",
        ),
        ("x.nrrd", "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: raw\ndata file: {}\n\n"),
    ],
)
@pytest.mark.parametrize("place", ["secret.raw", "../secret.raw", "{root}/secret.raw"])
def test_a_header_cannot_show_another_file_of_the_data_root(client, data_root, name, header, place):
    (data_root / "secret.raw").write_bytes(b"s" * 64)
    before = everything(data_root)
    answer = send(client, header.format(place.format(root=data_root)).encode(), name)
    assert answer.status_code == 422
    assert everything(data_root) == before
