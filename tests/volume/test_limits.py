import threading

import nibabel as nib
import numpy as np
import pytest

from isegformer.errors import VolumeReadError
from isegformer.volume import read_volume
from isegformer.volume.io.limits import ReadLimits, read_limits


@pytest.fixture
def path(tmp_path):
    """Return a file of 60000 zeros at 16 bits, compressed about 250 times."""
    nib.save(nib.Nifti1Image(np.zeros((30, 40, 50), np.int16), np.eye(4)), tmp_path / "zeros.nii.gz")
    return tmp_path / "zeros.nii.gz"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (ReadLimits(voxels=59_999), "expected at most 59999"),
        (ReadLimits(compression=20), "compressed further than is believed"),
    ],
)
def test_a_volume_above_the_limits_is_refused_inside_the_block_only(path, limits, message):
    with read_limits(limits), pytest.raises(VolumeReadError, match=message):
        read_volume(path)
    assert read_volume(path).geometry.shape == (30, 40, 50)


def test_limits_hold_in_their_own_thread_only(path):
    read = []
    with read_limits(ReadLimits(voxels=1)):
        thread = threading.Thread(target=lambda: read.append(read_volume(path)))
        thread.start()
        thread.join(30)
    assert len(read) == 1
