"""DICOM series as archives and as files, and archives that mean harm."""

import io
import struct
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from isegformer.server import Limits, series_uploads
from isegformer.volume import read_volume

SERIES, OTHER = generate_uid(), generate_uid()
COUNT = 4


def image(number, *, series=SERIES, syntax=ExplicitVRLittleEndian):
    """Return a DICOM file of 5 rows and 6 columns whose pixels are its number."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = syntax
    one = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    one.SeriesInstanceUID, one.Modality = series, "MR"
    one.Rows, one.Columns, one.SamplesPerPixel, one.PhotometricInterpretation = 5, 6, 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
    one.PixelSpacing, one.SliceThickness = [0.5, 0.75], 2
    one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * number]
    one.PixelData = np.full((5, 6), number, np.uint16).tobytes()
    out = io.BytesIO()
    pydicom.dcmwrite(out, one)
    return out.getvalue()


def archive(members, *, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def series(names="IM{}", **options):
    return [(names.format(number), image(number, **options)) for number in range(COUNT)]


def send(client, *files):
    return client.post("/api/scans", files=[("file", file) for file in files])


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def untouched(data_root, tmp_path):
    """Check that nothing at all was left behind."""
    before = everything(tmp_path)
    yield
    assert everything(tmp_path) == before


def check_series(client, data_root, answer, *, name):
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["kind"]) == (name, "dicom")
    shown = client.get(f"/api/scans/{answer.json()['id']}").json()
    assert (shown["shape"], shown["spacing_mm"]) == ([6, 5, COUNT], [0.75, 0.5, 2.0])
    np.testing.assert_array_equal(read_volume(data_root / name).voxels[0, 0], range(COUNT))
    assert sorted(path.name for path in (data_root / name).iterdir()) == [
        f"{n:05d}.dcm" for n in range(COUNT)
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_a_series_becomes_a_scan(client, data_root, method):
    answer = send(client, ("Knee MR.zip", archive(series("st/IM{}.dcm"), method=method)))
    check_series(client, data_root, answer, name="Knee MR")


def test_the_files_of_a_series_become_a_scan(client, data_root):
    answer = send(client, *reversed(series()))
    check_series(client, data_root, answer, name="dicom")
    assert send(client, *series()).json()["name"] == "dicom-2"


def test_what_is_no_image_in_an_archive_is_left_out(client, data_root):
    others = [("README", b"words"), ("st/", b""), ("__MACOSX/._IM0", b"\0" * 200), ("DICOMDIR", b"DICM")]
    check_series(client, data_root, send(client, ("a.zip", archive(others + series()))), name="a")


@pytest.mark.parametrize(
    "names",
    ["../../up{}", "/etc/up{}", "C:\\up{}", "a\\..\\..\\up{}", "./.isegformer/{}", "same", "\u202e{}"],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_names_in_an_archive_are_read_by_nobody(client, data_root, tmp_path, names):
    before = set(everything(tmp_path))
    check_series(client, data_root, send(client, ("x.zip", archive(series(names)))), name="x")
    new = set(everything(tmp_path)) - before
    assert {"/".join(name.split("/")[:2]) for name in new} == {"data/x"}


@pytest.mark.parametrize("name", ["../../up.zip", "..\\up.zip", ".up.zip", "/etc/up.zip"])
def test_the_name_of_an_archive_leads_nowhere(client, data_root, name):
    check_series(client, data_root, send(client, (name, archive(series()))), name="up")


def test_a_link_in_an_archive_is_not_one_afterwards(client, data_root, untouched):
    link = zipfile.ZipInfo("IM9.dcm")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    answer = send(client, ("a.zip", archive([(link, b"/etc/passwd")])))
    assert answer.status_code == 422
    assert "no DICOM file" in answer.json()["detail"]


def test_an_archive_that_unfolds_to_too_much_is_stopped(client, untouched):
    heavy = image(0) + b"\0" * 2_000_000
    answer = send(client, ("a.zip", archive([("a", heavy)])))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:isegformer:problem:too-large")
    assert "unfolds to more than" in answer.json()["detail"]


def test_a_header_that_claims_less_than_unfolds_is_not_believed(client, untouched):
    data = bytearray(archive([("a", image(0) + b"\0" * 2_000_000)]))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<L", 50)  # size when unfolded, in the list of contents
    assert send(client, ("a.zip", bytes(data))).status_code in (413, 422)


def test_members_that_share_their_bytes_are_counted_one_by_one(client, untouched):
    """All members are the same compressed data: the archive stays small, what it unfolds to does not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", image(0) + b"\0" * 100_000)
        (first,) = made.infolist()
        made.filelist.extend([first] * 200)
    assert send(client, ("a.zip", out.getvalue())).status_code == 413


def test_a_list_of_contents_that_is_too_long_is_not_read(client, monkeypatch, untouched):
    monkeypatch.setattr(series_uploads, "MOST_LIST_BYTES", 100)
    answer = send(client, ("a.zip", archive(series())))
    assert answer.status_code == 413
    assert "lists more than is taken" in answer.json()["detail"]


def test_a_second_end_of_the_list_cannot_hide_a_long_one(client, monkeypatch, untouched):
    data = archive(series())
    monkeypatch.setattr(series_uploads, "MOST_LIST_BYTES", 100)
    short_end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)
    assert send(client, ("a.zip", data + short_end)).status_code == 413


def test_the_long_form_of_the_list_is_not_taken(client, untouched):
    data = archive(series())
    at = data.index(b"PK\5\6")
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    assert send(client, ("a.zip", data[:at] + locator + data[at:])).status_code == 413


def test_too_many_files_are_refused(client, monkeypatch, untouched):
    monkeypatch.setattr(series_uploads, "MOST_IMAGES", 3)
    answer = send(client, ("a.zip", archive(series())))
    assert (answer.status_code, "at most 3" in answer.json()["detail"]) == (413, True)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6", b"PK\5\6" + b"\xff" * 18, b"\0" * 500])
def test_what_is_no_archive_is_refused(client, data, untouched):
    assert send(client, ("a.zip", data)).status_code in (413, 422)


def test_a_truncated_archive_is_refused_at_every_length(client, untouched):
    whole = archive(series())
    for length in range(0, len(whole), 97):
        assert send(client, ("a.zip", whole[:length])).status_code in (413, 422), length


def test_damaged_bytes_anywhere_give_a_scan_or_a_reason(client, data_root):
    whole = archive(series())
    rng = np.random.default_rng(2)
    for at in rng.integers(0, len(whole), 60):
        data = bytearray(whole)
        data[at] ^= 0xFF
        answer = send(client, ("a.zip", bytes(data)))
        assert answer.status_code in (201, 413, 422), (at, answer.text)


def test_an_encrypted_archive_says_what_to_do(client, untouched):
    data = bytearray(archive(series()))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 1)
    answer = send(client, ("a.zip", bytes(data)))
    assert "without a password" in answer.json()["detail"]


def test_other_ways_to_compress_are_refused(client, untouched):
    answer = send(client, ("a.zip", archive(series(), method=zipfile.ZIP_LZMA)))
    assert (answer.status_code, "plain ZIP" in answer.json()["detail"]) == (422, True)


def test_deflated_images_are_refused_before_their_header_unfolds(client, untouched):
    answer = send(client, *series(syntax=DeflatedExplicitVRLittleEndian))
    assert (answer.status_code, "deflated" in answer.json()["detail"]) == (422, True)


def test_two_series_are_not_one_scan_and_the_place_of_the_upload_is_not_told(client, data_root, untouched):
    members = [*series(), ("o", image(9, series=OTHER))]
    answer = send(client, ("a.zip", archive(members)))
    assert answer.status_code == 422
    assert "2 DICOM series" in answer.json()["detail"]
    assert str(data_root) not in answer.json()["detail"]


def test_an_image_that_claims_to_be_huge_is_refused(client, untouched):
    big = pydicom.dcmread(io.BytesIO(image(0)))
    big.Rows = big.Columns = 60_000
    out = io.BytesIO()
    pydicom.dcmwrite(out, big)
    answer = send(client, ("a.dcm", out.getvalue()))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:unreadable-scan")


def test_files_of_two_kinds_are_refused(client, untouched):
    answer = send(client, ("a.nii.gz", b"\0" * 500), ("b.nrrd", b"NRRD0004"))
    assert (answer.status_code, "no DICOM file" in answer.json()["detail"]) == (422, True)


def test_files_together_stay_within_the_limit(serve):
    client = serve(limits=Limits(upload_bytes=1500, body_bytes=10**6, voxels=20_000, compression=50))
    assert send(client, *series()).status_code == 413
