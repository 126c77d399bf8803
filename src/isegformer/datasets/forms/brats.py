"""Form "brats": brain tumours in four MR sequences, each sequence a case of its own.

Source: Brain Tumor Segmentation Challenge 2018 to 2020 (med.upenn.edu/cbica/brats2020/data.html): labels are
1 necrotic and non-enhancing core, 2 oedema, 4 enhancing tumour; all four sequences lie on one grid.
"""

from pathlib import Path

from isegformer.datasets.folders import files_by_case, subfolders
from isegformer.datasets.forms.pairs import volume_pairs
from isegformer.datasets.values import Form, VolumeCases
from isegformer.errors import DatasetError

SEQUENCES = ("flair", "t1", "t1ce", "t2")


def _open(folder: Path, split: str) -> VolumeCases:
    del split
    pairs = {}
    for patient in subfolders(folder):
        files = files_by_case(patient, (".nii.gz", ".nii"))
        labels = files.get(f"{patient.name}_seg")
        for name in (f"{patient.name}_{sequence}" for sequence in SEQUENCES):
            if labels is not None and name in files:
                pairs[name] = (files[name], labels)
    if not pairs:
        raise DatasetError("no folder in it holds a sequence and its labels")
    return volume_pairs(pairs)


FORM = Form(
    name="brats",
    tree="""\
<folder>/                                     such as MICCAI_BraTS2020_TrainingData
  BraTS20_Training_001/
    BraTS20_Training_001_flair.nii.gz         or .nii; the name of the folder comes first
    BraTS20_Training_001_t1.nii.gz
    BraTS20_Training_001_t1ce.nii.gz
    BraTS20_Training_001_t2.nii.gz
    BraTS20_Training_001_seg.nii.gz
Cases are called BraTS20_Training_001_flair and so on.""",
    open=_open,
)
