"""What the plugins of 3D Slicer and OHIF send, and what they read of the answers."""

import hashlib
import io
import json
from email.parser import BytesParser

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, MRImageStorage, generate_uid
from server_fakes import SHAPE, TOKEN, write_scan

from isegformer.server import Limits
from isegformer.volume import Geometry, LabelMap, read_label_map, read_volume, write_label_map

BOUNDARY = "----------lImIt_of_THE_fIle_eW_$"


@pytest.fixture
def slicer(serve):
    """Return a client without a token, on a server that lets programs of this machine in."""
    return serve(token=None, visitor="eva")


@pytest.fixture
def image(slicer):
    """Return the id of the scan a.nii.gz."""
    objects = slicer.get("/datastore/?output=all").json()["objects"]
    return next(key for key, item in objects.items() if item["image"]["info"]["name"] == "a.nii.gz")


def form(params, **files):
    """Return headers and body as Slicer's client writes them."""
    lines = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="params"\r\n\r\n{params}\r\n'.encode()]
    for name, (filename, content) in files.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        lines += [head.encode(), b"Content-Type: application/octet-stream\r\n\r\n", content, b"\r\n"]
    lines.append(f"--{BOUNDARY}--\r\n\r\n".encode())
    return {
        "headers": {"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
        "content": b"".join(lines),
    }


def infer(slicer, model, address, **params):
    always = {"result_extension": ".nrrd", "result_dtype": "uint8", "client_id": "user-xyz"}
    return slicer.post(f"/infer/{model}?{address}", **form(json.dumps({**always, **params})))


def parts_of(answer):
    """Return params and labels of a multipart answer."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    first, second = BytesParser().parsebytes(head + answer.content).get_payload()
    assert second.get_filename() == "label.nrrd"
    start = answer.content.index(b"NRRD")
    end = answer.content.rindex(b"\r\n--")
    return json.loads(first.get_payload()), answer.content[start:end]


def labels_in(data, tmp_path):
    (tmp_path / "answer.nrrd").write_bytes(data)
    return read_label_map(tmp_path / "answer.nrrd")


def test_first_of_all_clients_ask_whether_to_sign_in(slicer, serve):
    assert slicer.get("/auth/").json() == {"enabled": False}
    assert serve(token=None).get("/auth/").json() == {"enabled": True}


def test_where_they_must_they_sign_in_with_the_users_token(serve):
    client = serve(token=None)
    assert client.get("/info/").status_code == 401
    answer = client.post(
        "/auth/token", data={"username": "eva", "password": TOKEN, "grant_type": "password"}
    ).json()
    headers = {"Authorization": f"{answer['token_type']} {answer['access_token']}"}
    assert client.get("/auth/token/valid", headers=headers).json() == {"username": "eva"}
    assert client.get("/info/", headers=headers).status_code == 200
    assert client.post("/auth/token", data={"username": "eva", "password": "x" * 20}).status_code == 401
    assert client.post("/auth/token", data={"username": "eve", "password": TOKEN}).status_code == 401


def test_clients_are_offered_the_names_that_are_in_use(slicer, serve, image):
    assert slicer.get("/info/").json()["labels"] == ["object"]
    app = serve()
    session = app.post("/api/sessions", json={"scan": image}).json()["id"]
    for label, name in ((1, "liver"), (2, "cyst")):
        added = {"type": "AddObject", "label": label, "name": name}
        assert app.post(f"/api/sessions/{session}/commands", json=added).status_code == 200
    info = app.get("/info/").json()
    assert info["labels"] == ["cyst", "liver", "object"]
    assert {tuple(model["labels"]) for model in info["models"].values()} == {tuple(info["labels"])}


def test_a_visitor_reaches_the_protocol_and_nothing_else(slicer):
    assert slicer.get("/info/").status_code == 200
    assert slicer.get("/api/scans").status_code == 401
    assert slicer.get("/info/", headers={"Host": "evil.example"}).status_code == 421
    evil = {"Origin": "https://evil.example"}
    assert slicer.post("/infer/isegformer_slice?image=x", headers=evil).status_code == 403


def test_a_viewer_elsewhere_may_be_let_in(serve):
    client = serve(token=None, visitor="eva", origins=("https://viewer.example",))
    asked = client.options(
        "/infer/isegformer_slice",
        headers={"Origin": "https://viewer.example", "Access-Control-Request-Method": "POST"},
    )
    assert asked.headers["access-control-allow-origin"] == "https://viewer.example"
    friend = {"Origin": "https://viewer.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/activelearning/first", headers=friend).status_code == 200
    other = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/activelearning/first", headers=other).status_code == 403


def test_slicer_segments_a_slice(slicer, image, data_root, tmp_path):
    answer = infer(
        slicer,
        "isegformer_slice",
        f"image={image}",
        label="liver",
        foreground=[[3, 4, 2]],
        background=[],
        slice=2,
    )
    assert answer.status_code == 200, answer.text
    params, data = parts_of(answer)
    assert params["label_names"] == {"liver": 1}
    label_map = labels_in(data, tmp_path)
    assert label_map.geometry.is_close(read_volume(data_root / "a.nii.gz").geometry)
    assert label_map.labels[3, 4, 2] == 1
    assert set(np.flatnonzero(label_map.labels.any(axis=(0, 1)))) == {2}


def test_slicer_segments_a_volume_that_it_uploaded(slicer, tmp_path):
    path = write_scan(tmp_path / "elsewhere.nii.gz", seed=5)
    made = slicer.put(
        "/session/", files=[("files", (path.name, path.read_bytes()))], data={"client_id": "x"}
    ).json()
    assert slicer.get(f"/session/{made['session_id']}").json()["expiry"] == 3600
    answer = infer(
        slicer,
        "isegformer_volume",
        f"image=&session_id={made['session_id']}",
        label="liver",
        foreground=[[3, 4, 2]],
        background=[],
    )
    label_map = labels_in(parts_of(answer)[1], tmp_path)
    assert label_map.labels[3, 4].tolist() == [1] * SHAPE[2]
    assert label_map.geometry.is_close(read_volume(path).geometry)
    assert slicer.delete(f"/session/{made['session_id']}").status_code == 200
    assert slicer.get(f"/session/{made['session_id']}").status_code == 404


def test_ohif_gets_plain_voxels(slicer, image):
    answer = infer(
        slicer,
        "isegformer_slice",
        f"image={image}&output=image",
        label="liver",
        foreground=[[3, 4, 2]],
        background=[],
        result_compress=False,
    )
    assert answer.content.startswith(b"NRRD")
    assert b"encoding: raw" in answer.content
    voxels = np.frombuffer(answer.content[-np.prod(SHAPE) :], np.uint8).reshape(SHAPE, order="F")
    assert voxels[3, 4, 2] == 1


def test_a_submitted_label_becomes_part_of_the_session(slicer, serve, image, data_root, tmp_path):
    geometry = read_volume(data_root / "a.nii.gz").geometry
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 2:4, 1] = 2
    write_label_map(LabelMap(labels, geometry), tmp_path / "label.nrrd")
    sent = slicer.put(
        f"/datastore/label?image={image}&tag=final",
        **form(
            json.dumps({"label_info": [{"name": "spleen", "idx": 2}, {"idx": "x"}, 3]}),
            label=("label.nrrd", (tmp_path / "label.nrrd").read_bytes()),
        ),
    )
    assert sent.status_code == 200, sent.text
    back = slicer.get(f"/datastore/label?label={image}&tag=final")
    assert 'filename="' in back.headers["content-disposition"]
    (tmp_path / "back.nii.gz").write_bytes(back.content)
    assert (read_label_map(tmp_path / "back.nii.gz").labels == labels).all()
    state = slicer.get(f"/api/sessions/{image}", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert [item["name"] for item in state["objects"]] == ["spleen"]
    assert state["can_undo"]


def test_ohif_submits_voxels_without_a_header(slicer, image, tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[6, 8, 4] = 1
    address = f"/datastore/label?image={image}&tag=final"
    sent = slicer.put(address, **form("{}", label=("label.bin", labels.tobytes(order="F"))))
    assert sent.status_code == 200, sent.text
    (tmp_path / "back.nii.gz").write_bytes(slicer.get(f"/datastore/label?label={image}").content)
    assert (read_label_map(tmp_path / "back.nii.gz").labels == labels).all()
    short = slicer.put(address, **form("{}", label=("label.bin", b"123")))
    assert short.status_code == 422
    assert "expected 315" in short.json()["detail"]


def test_a_mask_may_be_compressed_as_far_as_masks_are(serve, data_root, tmp_path):
    large = (40, 40, 40)
    write_scan(data_root / "large.nii.gz", voxels=np.random.default_rng(0).integers(0, 999, large, np.int16))
    slicer = serve(token=None, visitor="eva", limits=Limits(compression=2))
    objects = slicer.get("/datastore/?output=all").json()["objects"]
    image = next(key for key, item in objects.items() if item["image"]["info"]["name"] == "large.nii.gz")
    labels = np.zeros(large, np.uint8)
    labels[5:35, 5:35, 5:35] = 1
    geometry = read_volume(data_root / "large.nii.gz").geometry
    write_label_map(LabelMap(labels, geometry), tmp_path / "mask.nrrd")
    content = (tmp_path / "mask.nrrd").read_bytes()
    assert len(content) < labels.size / 20
    sent = slicer.put(f"/datastore/label?image={image}", **form("{}", label=("mask.nrrd", content)))
    assert sent.status_code == 200, sent.text


def test_a_label_of_more_voxels_than_its_image_is_not_read(slicer, image, tmp_path):
    larger = (64, 64, 64)
    write_label_map(LabelMap(np.zeros(larger, np.uint8), Geometry(larger, np.eye(4))), tmp_path / "l.nrrd")
    content = (tmp_path / "l.nrrd").read_bytes()
    sent = slicer.put(f"/datastore/label?image={image}", **form("{}", label=("l.nrrd", content)))
    assert sent.status_code == 422
    assert "expected at most 315" in sent.json()["detail"]


def test_a_label_on_another_grid_is_refused(slicer, image, tmp_path):
    write_label_map(LabelMap(np.zeros(SHAPE, np.uint8), Geometry(SHAPE, np.eye(4))), tmp_path / "l.nrrd")
    sent = slicer.put(
        f"/datastore/label?image={image}",
        **form("{}", label=("l.nrrd", (tmp_path / "l.nrrd").read_bytes())),
    )
    assert sent.status_code == 422
    assert "grid" in sent.json()["detail"]


def test_the_next_scan_is_the_first_without_an_accepted_slice(slicer):
    sample = slicer.post("/activelearning/first", json={"client_id": "x"}).json()
    downloaded = slicer.get(f"/datastore/image?image={sample['id']}").content
    assert sample["checksum"] == f"SHA256:{hashlib.sha256(downloaded).hexdigest()}"
    assert slicer.post("/activelearning/random").status_code == 404


def test_uploaded_names_and_volumes_are_not_trusted(slicer):
    for name, content in (("../../x.nii.gz", b"no volume"), ("x.dcm", b""), ("x", b"\x00" * 100)):
        answer = slicer.put("/session/", files=[("files", (name, io.BytesIO(content)))])
        assert answer.status_code in {413, 422}
        assert answer.json()["detail"]


@pytest.mark.parametrize("name", ["x.tif", "x.png", "x.nhdr", "x.mhd", "x.zip", "x.nii.exe"])
def test_other_kinds_of_files_do_not_reach_their_readers(slicer, name):
    for answer in (
        slicer.put("/session/", files=[("files", (name, io.BytesIO(b"II*")))]),
        slicer.post("/infer/isegformer_slice", files={"file": (name, io.BytesIO(b"II*"))}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:request")
        assert ".nii.gz" in answer.json()["detail"]


def deflated_bomb():
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.BitsAllocated, image.PixelData = 16, bytes(10_000_000)
    out = io.BytesIO()
    pydicom.dcmwrite(out, image)
    return out.getvalue()


@pytest.mark.parametrize("name", ["x.dcm", "IM0001"])
def test_deflated_dicom_is_refused_before_it_unfolds(slicer, name):
    sent = deflated_bomb()
    assert len(sent) < 50_000
    for answer in (
        slicer.put("/session/", files=[("files", (name, io.BytesIO(sent)))] * 2),
        slicer.post("/infer/isegformer_slice", files={"file": (name, io.BytesIO(sent))}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:isegformer:problem:request")
        assert "deflated" in answer.json()["detail"]


def test_what_is_not_understood_is_said(slicer, image):
    assert infer(slicer, "other", f"image={image}").status_code == 404
    assert infer(slicer, "isegformer_slice", "image=").status_code == 422
    assert infer(slicer, "isegformer_slice", f"image={'0' * 16}").status_code == 404
    assert infer(slicer, "isegformer_slice", f"image={image}", foreground=[[99, 0, 0]]).status_code == 422
    assert infer(slicer, "isegformer_slice", f"image=&session_id={'0' * 32}").status_code == 404


def test_training_is_done_elsewhere(slicer):
    assert slicer.get("/train/?check_if_running=true").status_code == 404
    assert slicer.post("/train/isegformer_slice", json={}).status_code == 404
    assert slicer.delete("/train/").status_code == 404
