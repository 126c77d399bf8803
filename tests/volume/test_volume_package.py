import subprocess
import sys

import isegformer.slicing
import isegformer.volume


def test_all_names_can_be_imported_and_are_sorted():
    for package in (isegformer.volume, isegformer.slicing):
        assert sorted(
            package.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
        ) == list(package.__all__)
        assert all(hasattr(package, name) for name in package.__all__)


def test_import_stays_free_of_torch_and_zarr_and_prints_nothing():
    code = (
        "import sys, isegformer.volume, isegformer.slicing\n"
        "sys.exit(bool({'torch', 'zarr', 'numcodecs'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout + done.stderr == ""
