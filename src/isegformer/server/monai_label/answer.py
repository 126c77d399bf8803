"""Answers in the forms that clients read: multipart with `params` and an NRRD file, or the NRRD alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from isegformer.volume import LabelMap
from isegformer.volume.io.itk import write_nrrd, write_plain_nrrd

IMAGE_NAME = "label.nrrd"
"""Its ending picks the reader of the client."""


def nrrd_bytes(label_map: LabelMap, *, is_compressed: bool) -> bytes:
    """Return a label map as the bytes of an NRRD file, on the grid of its volume."""
    write = write_nrrd if is_compressed else write_plain_nrrd
    with TemporaryDirectory(prefix="isegformer-") as folder:
        path = Path(folder) / IMAGE_NAME
        write(label_map, path)
        return path.read_bytes()


def multipart(params: Mapping[str, object], image: bytes) -> tuple[str, bytes]:
    """Return media type and body of an answer with the parts `params` and `image`.

    3D Slicer reads it with Python's `cgi.FieldStorage`: only `image` may have a file name.
    """
    boundary = uuid4().hex
    body = b"".join(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="params"\r\n'.encode(),
            b"Content-Type: application/json\r\n\r\n",
            json.dumps(params).encode(),
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="image"; '.encode(),
            f'filename="{IMAGE_NAME}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode(),
            image,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    return f"multipart/form-data; boundary={boundary}", body
