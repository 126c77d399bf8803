"""Form "volumes": volumes and label maps side by side. Source: our own."""

from dataclasses import replace
from pathlib import Path

from isegformer.datasets.folders import files_by_case, incomplete, paired
from isegformer.datasets.forms.pairs import VOLUME_ENDINGS, volume_pairs
from isegformer.datasets.values import Form, VolumeCases


def _open(folder: Path, split: str) -> VolumeCases:
    del split
    images = files_by_case(folder, [f"_image{ending}" for ending in VOLUME_ENDINGS])
    labels = files_by_case(folder, [f"_label{ending}" for ending in VOLUME_ENDINGS])
    return replace(volume_pairs(paired(images, labels)), incomplete=incomplete(images, labels))


FORM = Form(
    name="volumes",
    tree="""\
<folder>/
  <case>_image.nii.gz    or .nii, .nrrd, .nhdr, .mha, .mhd
  <case>_label.nii.gz    on the same grid: 0 is background, every other value one object""",
    open=_open,
)
