"""Scans that do not say how far apart their voxels are: a person says it, then they are like all others."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from isegformer.server.adaptation_cases import write_case
from isegformer.server.data_root import scan_id
from isegformer.volume import read_label_map, read_volume

SPACING = [0.5, 0.75, 2.5]
SHAPE = (9, 7, 5)


def put_stack(folder, *, name="slice_{:02d}.png"):
    """Write a volume (I, J, K) as one picture for each k."""
    folder.mkdir(parents=True)
    voxels = np.random.default_rng(3).integers(0, 255, SHAPE, np.uint8)
    for k in range(SHAPE[2]):
        sitk.WriteImage(sitk.GetImageFromArray(voxels[:, :, k].T), folder / name.format(k))
    return folder


def put_array(folder):
    zarr = pytest.importorskip("zarr", reason="plain arrays need the extra `zarr`")
    array = zarr.open_array(folder, mode="w", shape=SHAPE[::-1], chunks=(2, 4, 9), dtype="uint8")
    array[:] = np.random.default_rng(4).integers(0, 255, SHAPE[::-1], np.uint8)
    return folder


@pytest.fixture(params=[put_stack, put_array], ids=["stack", "array"])
def folder(request, data_root):
    """Return the folder of a scan without a spacing."""
    return request.param(data_root / "unspaced")


@pytest.fixture
def address(folder):
    """Return the address at which the spacing of that scan is given."""
    return f"/api/scans/{scan_id(folder.name)}/spacing"


def begin(client, name="unspaced"):
    return client.post("/api/sessions", json={"scan": scan_id(name)})


def listed(client, name="unspaced"):
    scans = client.get("/api/scans").json()["scans"]
    return next((scan for scan in scans if scan["name"] == name), None)


def test_a_scan_without_a_spacing_is_listed_as_such_and_asks_for_it(client, folder):
    assert listed(client)["needs_spacing"] is True
    assert listed(client, "a.nii.gz")["needs_spacing"] is False
    for answer in (begin(client), client.get(f"/api/scans/{scan_id(folder.name)}/volume.nii.gz")):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:spacing-missing")
        assert "spacing" in answer.json()["advice"]
    assert listed(client)["session"] is None


def test_with_a_spacing_it_is_worked_on_like_every_other(client, folder, address, tmp_path, serve):
    expected = read_volume(folder, spacing_mm=tuple(SPACING))
    given = client.put(address, json={"spacing_mm": SPACING})
    assert given.status_code == 200, given.text
    assert (given.json()["shape"], given.json()["spacing_mm"]) == (list(SHAPE), SPACING)
    assert listed(client)["needs_spacing"] is False

    session = f"/api/sessions/{begin(client).json()['id']}"
    client.post(f"{session}/commands", json={"type": "AddObject", "label": 1, "name": "cell"})
    click = {"label": 1, "axis": 2, "index": 3, "clicks": [{"row": 4, "col": 3, "is_positive": True}]}
    after = client.post(f"{session}/clicks", json=click).json()["state"]
    assert after["affine"] == expected.geometry.affine.tolist()
    voxel_ml = np.prod(SPACING) / 1000
    assert after["objects"][0]["volume_ml"] == pytest.approx(after["objects"][0]["voxels"] * voxel_ml)

    for form, suffix in (("nifti", ".nii.gz"), ("nrrd", ".nrrd")):
        path = tmp_path / f"mask{suffix}"
        path.write_bytes(client.get(f"{session}/exports/{form}").content)
        mask = read_label_map(path)
        assert mask.geometry.is_close(expected.geometry, 1e-4)
        assert np.count_nonzero(mask.labels) == after["objects"][0]["voxels"] > 0
    sent = client.post(f"{session}/label-map", files={"file": ("m.nrrd", path.read_bytes())})
    assert sent.status_code == 200, sent.text

    client.app.state.services.close()
    again = begin(serve())
    assert (again.status_code, again.json()["spacing_mm"]) == (200, SPACING)


def test_the_browser_gets_the_voxels_on_that_grid(client, folder, address, tmp_path):
    client.put(address, json={"spacing_mm": SPACING})
    path = tmp_path / "volume.nii.gz"
    path.write_bytes(client.get(address.replace("spacing", "volume.nii.gz")).content)
    sent, expected = read_volume(path), read_volume(folder, spacing_mm=tuple(SPACING))
    np.testing.assert_array_equal(sent.voxels, expected.voxels)
    assert sent.geometry.is_close(expected.geometry, 1e-4)


def test_a_spacing_is_given_once(client, folder, address):
    client.put(address, json={"spacing_mm": SPACING})
    assert client.put(address, json={"spacing_mm": SPACING}).status_code == 200
    other = client.put(address, json={"spacing_mm": [1, 1, 1]})
    assert (other.status_code, other.json()["type"]) == (409, "urn:isegformer:problem:session")
    assert "0.5 x 0.75 x 2.5 mm" in other.json()["detail"]
    assert begin(client).json()["spacing_mm"] == SPACING


@pytest.mark.parametrize(
    "spacing", [[0, 1, 1], [-1, 1, 1], [1, 1], [1, 1, 1, 1], ["1", 1, 1], [1e300, 1, 1], None, [1e-300, 1, 1]]
)
def test_what_is_no_spacing_is_refused(client, folder, address, spacing):
    assert client.put(address, json={"spacing_mm": spacing}).status_code == 422
    assert client.put(address, content=b'{"spacing_mm": [NaN, Infinity, 1]}').status_code == 422
    assert listed(client)["needs_spacing"] is True


def test_a_scan_that_says_its_spacing_keeps_it(client, data_root):
    address = f"/api/scans/{scan_id('a.nii.gz')}/spacing"
    answer = client.put(address, json={"spacing_mm": SPACING})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:geometry")
    assert begin(client, "a.nii.gz").json()["spacing_mm"] == [1.5, 2.0, 3.0]
    assert client.put(f"/api/scans/{'0' * 16}/spacing", json={"spacing_mm": SPACING}).status_code == 404


def test_a_stack_that_cannot_be_read_gets_no_spacing(client, data_root):
    folder = put_stack(data_root / "unspaced")
    (folder / "slice_02.png").write_bytes(b"no picture")
    address = f"/api/scans/{scan_id('unspaced')}/spacing"
    answer = client.put(address, json={"spacing_mm": SPACING})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:unreadable-scan")
    assert listed(client)["needs_spacing"] is True


@pytest.mark.parametrize("text", ["{", "{}", '{"spacing_mm": [1, 0, 1]}', "[]", '{"spacing_mm": [1, 1]}'])
def test_a_damaged_note_of_a_spacing_is_as_good_as_none(client, folder, address, data_root, text):
    client.put(address, json={"spacing_mm": SPACING})
    (note,) = (data_root / ".isegformer" / "spacings").iterdir()
    note.write_text(text)
    assert listed(client)["needs_spacing"] is True
    assert client.put(address, json={"spacing_mm": SPACING}).status_code == 200
    assert begin(client).status_code == 201


def test_a_disk_that_is_full_is_told_and_nothing_is_kept(client, folder, address, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        answer = client.put(address, json={"spacing_mm": SPACING})
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:isegformer:problem:write")
    assert listed(client)["needs_spacing"] is True


def test_programs_that_cannot_ask_are_not_offered_it(serve, folder, data_root):
    slicer = serve(visitor="eva")
    (data_root / "a.nii.gz").unlink()
    (data_root / "more" / "b.nii").unlink()
    assert slicer.post("/activelearning/first", json={}).json() == {}
    assert slicer.get("/datastore/?output=all").json()["objects"] == {}
    assert slicer.get("/datastore/").json()["total"] == 0
    slicer.put(f"/api/scans/{scan_id('unspaced')}/spacing", json={"spacing_mm": SPACING})
    assert slicer.post("/activelearning/first", json={}).json()["id"] == scan_id("unspaced")
    assert list(slicer.get("/datastore/?output=all").json()["objects"]) == [scan_id("unspaced")]


def test_learning_gets_the_spacing_too(client, folder, address, tmp_path):
    client.put(address, json={"spacing_mm": SPACING})
    session = f"/api/sessions/{begin(client).json()['id']}"
    client.post(f"{session}/commands", json={"type": "AddObject", "label": 1, "name": "cell"})
    click = {"label": 1, "axis": 2, "index": 3, "clicks": [{"row": 4, "col": 3, "is_positive": True}]}
    client.post(f"{session}/clicks", json=click)
    client.post(f"{session}/commands", json={"type": "AcceptSlice", "axis": 2, "index": 3})
    services = client.app.state.services
    scan = services.scans.data_root.scan(scan_id("unspaced"))

    document = json.loads(json.dumps(write_case(scan, tmp_path, sessions=services.sessions)))
    assert (document["volume"], document["spacing_mm"]) == (str(folder), SPACING)


def test_arrays_in_a_group_are_scans_of_their_own(client, data_root):
    zarr = pytest.importorskip("zarr")
    zarr.open_group(data_root / "case.zarr", mode="w")
    put_array(data_root / "case.zarr" / "image")
    assert listed(client, "case.zarr") is None
    address = f"/api/scans/{listed(client, 'case.zarr/image')['id']}/spacing"
    assert client.put(address, json={"spacing_mm": SPACING}).status_code == 200
    assert begin(client, "case.zarr/image").status_code == 201


def test_exports_are_named_after_the_folder(client, folder, address):
    client.put(address, json={"spacing_mm": SPACING})
    session = f"/api/sessions/{begin(client).json()['id']}"
    answer = client.get(f"{session}/exports/nifti")
    assert 'filename="unspaced_mask.nii.gz"' in answer.headers["content-disposition"]
