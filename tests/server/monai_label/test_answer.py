import json
from email.parser import BytesParser

import numpy as np
import pytest

from isegformer.server.monai_label.answer import multipart, nrrd_bytes
from isegformer.volume import Geometry, LabelMap, read_label_map


@pytest.fixture
def label_map() -> LabelMap:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 2, 3] = 1
    affine = np.array([[0, -2, 0, 5], [1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])
    return LabelMap(labels, Geometry((4, 5, 6), affine), {1: "liver"})


@pytest.mark.parametrize("is_compressed", [True, False])
def test_the_file_reads_back_on_the_same_grid(is_compressed, label_map, tmp_path):
    (tmp_path / "x.nrrd").write_bytes(nrrd_bytes(label_map, is_compressed=is_compressed))
    read = read_label_map(tmp_path / "x.nrrd")
    assert (read.labels == label_map.labels).all()
    assert read.geometry.is_close(label_map.geometry)
    assert read.names == {1: "liver"}


def test_plain_voxels_end_the_file(label_map):
    data = nrrd_bytes(label_map, is_compressed=False)
    assert b"encoding: raw" in data
    assert data.endswith(label_map.labels.astype(np.uint8).tobytes(order="F"))


def test_a_mail_parser_finds_both_parts():
    media_type, body = multipart({"label_names": {"liver": 1}}, b"\r\n--\x00binary\r\n")
    message = BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    params, image = message.get_payload()
    assert params.get_param("name", header="content-disposition") == "params"
    assert params.get_filename() is None
    assert json.loads(params.get_payload()) == {"label_names": {"liver": 1}}
    assert image.get_filename() == "label.nrrd"
    assert b"\r\n--\x00binary\r\n" in body
