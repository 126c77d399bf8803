"""`isegformer serve` and `annotate`: what is checked before a server starts, and what is opened."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from isegformer.cli.annotate_run import opening_of
from isegformer.cli.main import main
from isegformer.cli.serve_run import ONLY_USER, NetworkChoice, bytes_of, load_networks, users_of
from isegformer.errors import ConfigError, NotFoundError
from isegformer.server.data_root import scan_id


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scans" / "a.nii"
    path.parent.mkdir()
    nib.save(nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), np.eye(4)), path)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4GB", 4 * 10**9), ("500 mb", 5 * 10**8), ("1.5GiB", 3 * 2**29), ("1024", 1024)],
)
def test_sizes_are_read_with_their_units(text, expected):
    assert bytes_of(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "4 TB", "-1GB", "4GB5"])
def test_other_sizes_are_refused(text):
    with pytest.raises(ConfigError, match="as in 4GB"):
        bytes_of(text)


def test_this_machine_alone_needs_no_users_and_gets_a_new_token_each_time():
    first, second = users_of(None, host="127.0.0.1"), users_of(None, host="localhost")
    assert list(first) == [ONLY_USER]
    assert first != second
    assert len(first[ONLY_USER]) >= 32


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "scans.example"])
def test_a_server_that_others_can_reach_refuses_to_start_without_users(host, scan, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", str(scan.parent), "--host", host])
    assert ended.value.code == 1
    assert "--users FILE" in capsys.readouterr().err


def test_users_come_from_a_file(tmp_path):
    path = tmp_path / "users.yaml"
    path.write_text(f"eva: {'t' * 32}\nben: {'u' * 32}\n")
    assert users_of(path, host="0.0.0.0") == {"eva": "t" * 32, "ben": "u" * 32}


@pytest.mark.parametrize("text", ["[eva]", "eva: 5", "eva", ": :", ""])
def test_files_that_hold_no_users_are_refused(tmp_path, text):
    path = tmp_path / "users.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="users"):
        users_of(path, host="0.0.0.0")


def test_a_file_of_users_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        users_of(tmp_path / "nobody.yaml", host="0.0.0.0")


def test_a_scan_opens_in_its_folder_and_a_folder_as_a_list(scan):
    opened = opening_of(scan)
    assert (opened.data_root, opened.scan) == (scan.parent, scan_id("a.nii"))
    listed = opening_of(scan.parent)
    assert (listed.data_root, listed.scan) == (scan.parent, None)


def test_a_dicom_folder_opens_as_the_scan_that_it_is(tmp_path):
    series = tmp_path / "mr"
    series.mkdir()
    (series / "1.dcm").write_bytes(b"1")
    assert opening_of(series).scan == scan_id("mr")
    assert opening_of(series).data_root == tmp_path


def test_a_zarr_folder_opens_as_the_scan_that_it_is(tmp_path):
    (tmp_path / "a.ome.zarr").mkdir()
    assert opening_of(tmp_path / "a.ome.zarr").scan == scan_id("a.ome.zarr")


def test_what_is_no_scan_is_not_opened(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        opening_of(tmp_path / "nothing")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(NotFoundError, match=r"a\.txt"):
        opening_of(tmp_path / "a.txt")


def test_the_networks_of_a_server_share_weights_but_no_slice():
    networks = load_networks(
        NetworkChoice(
            method="interpolate",
            weights="compact",
            propagation_weights="stcn-small",
            device="cpu",
            runtime="pytorch",
        )
    )
    first, second = networks.new_segmenter(), networks.new_segmenter()
    assert first is not second
    assert first.network is second.network
    assert networks.new_propagation() is not networks.new_propagation()
    assert (len(networks.fingerprint.click), networks.device) == (64, "cpu")
    assert "torch" in networks.runtime


def test_no_folder_no_server(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", str(Path(tmp_path / "nothing"))])
    assert ended.value.code == 1
    assert "expected the folder with the scans" in capsys.readouterr().err
