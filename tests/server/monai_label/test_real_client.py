"""MONAI Label's own client, where there is an environment that has it (see CONTRIBUTING.md)."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nibabel as nib
import numpy as np
import pytest

from isegformer.volume import read_label_map

PYTHON = os.environ.get("ISEGFORMER_MONAILABEL_PYTHON")
SHAPE = (48, 40, 12)


@pytest.mark.skipif(PYTHON is None, reason="ISEGFORMER_MONAILABEL_PYTHON names no Python that has monailabel")
def test_the_real_client_segments_and_submits(tmp_path):
    rows, cols, _ = np.indices(SHAPE)
    inside = np.hypot(rows - 20, cols - 18) < 9
    voxels = np.where(inside, 800, 100) + np.random.default_rng(0).normal(0, 20, SHAPE)
    scan = tmp_path / "scans" / "a.nii.gz"
    scan.parent.mkdir()
    nib.save(nib.Nifti1Image(voxels.astype(np.int16), np.diag([1, 1, 3, 1])), scan)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = ["serve", str(scan.parent), "--port", address.rsplit(":", 1)[1]]
    script = "from isegformer.cli.main import main; main()"
    with subprocess.Popen([sys.executable, "-c", script, *command]) as server:
        try:
            _wait_for(f"{address}/auth/")
            client = [str(PYTHON), str(Path(__file__).with_name("real_client.py")), address, "20", "18", "6"]
            done = subprocess.run([*client, str(scan)], capture_output=True, text=True, check=True)
        finally:
            server.terminate()
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["models"] == ["isegformer_slice", "isegformer_volume"]
    assert told["params"]["label_names"] == {"liver": 1}
    assert told["saved"]
    assert not told["is_training"]
    labels = read_label_map(told["volume_file"]).labels
    assert labels.shape == SHAPE
    assert np.array_equal(read_label_map(told["label_file"]).labels, labels)
    found = read_label_map(told["session_file"]).labels[:, :, 6] == 1
    assert found[20, 18]


def _wait_for(address):
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(address, timeout=5):
                return
        except URLError:
            assert time.monotonic() < deadline, "the server did not answer"
            time.sleep(0.2)
