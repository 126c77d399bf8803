"""Form "scans": a folder of volumes without labels. Source: our own."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from isegformer.datasets.folders import files_by_case, subfolders
from isegformer.datasets.forms.pairs import VOLUME_ENDINGS
from isegformer.datasets.values import Form, LabelledVolume, VolumeCases, unlabelled_volume
from isegformer.volume import read_volume


def unlabelled_cases(paths: Mapping[str, Path]) -> VolumeCases:
    """Return volumes by name as cases without labels."""
    return VolumeCases(names=tuple(paths), read_named=partial(_read, paths))


def _read(paths: Mapping[str, Path], name: str) -> LabelledVolume:
    return unlabelled_volume(name, read_volume(paths[name]))


def _open(folder: Path, split: str) -> VolumeCases:
    del split
    series = {path.name: path for path in subfolders(folder)}
    return unlabelled_cases(dict(sorted({**series, **files_by_case(folder, VOLUME_ENDINGS)}.items())))


FORM = Form(
    name="scans",
    tree="""\
<folder>/
  <case>.nii.gz          without labels; or .nii, .nrrd, .nhdr, .mha, .mhd
  <case>/                or a folder with the files of one DICOM series""",
    open=_open,
)
