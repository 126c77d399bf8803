import gzip

import nibabel as nib
import numpy as np
import pytest
from server_fakes import SHAPE, voxels_of, write_scan

from isegformer.server import Limits
from isegformer.server.leases import LeaseStore
from isegformer.server.scan_store import ScanStore


@pytest.fixture
def store(data_root, tmp_path):
    return ScanStore(
        data_root,
        LeaseStore(10**6),
        spacings=tmp_path / "spacings",
        cache=tmp_path / "cache",
        limits=Limits(),
    )


def first_scan(store):
    return store.data_root.scans()[0]


def test_a_volume_is_read_once_while_it_fits_in_memory(store):
    scan = first_scan(store)
    with store.volume(scan) as first, store.volume(scan) as second:
        assert first is second
        np.testing.assert_array_equal(first.voxels, voxels_of(0))


def test_the_browser_file_is_made_once_and_anew_when_the_scan_changes(store, data_root):
    before = store.browser_file(first_scan(store))
    assert store.browser_file(first_scan(store)) == before
    image = nib.Nifti1Image.from_bytes(gzip.decompress(before.path.read_bytes()))
    np.testing.assert_array_equal(np.asarray(image.dataobj), voxels_of(0))
    write_scan(data_root / "a.nii.gz", voxels=np.full((2, 3, 4), 7, np.int16))
    after = store.browser_file(first_scan(store))
    assert after.tag != before.tag
    assert not before.path.exists()


def test_the_browser_asks_again_only_for_what_changed(client, scan_ids):
    address = f"/api/scans/{scan_ids['a.nii.gz']}/volume.nii.gz"
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_scan_above_the_limit_of_voxels_is_refused(serve):
    client = serve(limits=Limits(voxels=int(np.prod(SHAPE)) - 1))
    scan = client.get("/api/scans").json()["scans"][0]["id"]
    answer = client.get(f"/api/scans/{scan}/volume.nii.gz")
    assert answer.status_code == 422
    assert "at most 314" in answer.json()["detail"]
