import pytest
from server_fakes import write_scan

from isegformer.errors import NotFoundError, VolumeReadError
from isegformer.server import Limits
from isegformer.server.leases import LeaseStore
from isegformer.server.monai_label.temporary_volumes import ReceivedFile, TemporaryVolumes


class Clock:
    def __init__(self):
        self.now_s = 1e9

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def store(folder, clock):
    return TemporaryVolumes(folder, LeaseStore(10**9), limits=Limits(), now=clock)


@pytest.fixture
def received(tmp_path):
    path = write_scan(tmp_path / "scan.nii.gz")
    return ReceivedFile(name=path.name, save=lambda target: target.write_bytes(path.read_bytes()))


def test_what_is_not_used_for_its_expiry_is_gone(tmp_path, clock, received):
    volumes = store(tmp_path / "kept", clock)
    kept = volumes.add([received], expiry_s=100)
    clock.now_s += 90
    volumes.get(kept.id)  # counts as used
    clock.now_s += 90
    assert volumes.get(kept.id).path.is_file()
    clock.now_s += 101
    with pytest.raises(NotFoundError, match="expired"):
        volumes.get(kept.id)
    assert not kept.path.exists()


def test_a_second_server_leaves_the_first_ones_volumes(tmp_path, clock, received):
    clock.now_s = tmp_path.stat().st_mtime
    first = store(tmp_path / "kept", clock)
    kept = first.add([received], expiry_s=100)
    second = store(tmp_path / "kept", clock)
    second.close()
    assert first.get(kept.id).path.is_file()
    first.close()
    assert not kept.path.exists()


def test_what_a_killed_server_left_goes_after_a_day(tmp_path, clock, received):
    clock.now_s = tmp_path.stat().st_mtime
    left = store(tmp_path / "kept", clock).add([received], expiry_s=100)
    clock.now_s += 2 * 24 * 3600
    store(tmp_path / "kept", clock)
    assert not left.path.exists()


def test_what_is_no_volume_leaves_nothing_behind(tmp_path, clock):
    volumes = store(tmp_path / "kept", clock)
    with pytest.raises(VolumeReadError):
        volumes.add([ReceivedFile(name="x.nii.gz", save=lambda path: path.write_bytes(b"no"))], expiry_s=0)
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
