"""Form "oai": knees of the Osteoarthritis Initiative without labels, as its baseline is distributed.

Source: OAI (nda.nih.gov/oai), folders <site>/<subject>/<date>/<series> with one DICOM file per slice. Only
series whose description names the sequence DESS are taken; the folders hold radiographs and others too.
"""

import warnings
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from isegformer.datasets.folders import subfolders
from isegformer.datasets.forms.scans import unlabelled_cases
from isegformer.datasets.values import Form, VolumeCases

SEQUENCE = "SAG_3D_DESS"
"""Start of the description of a series of this sequence; the side of the body follows."""


def _is_dess(series: Path) -> bool:
    """Whether the first file of a series names the sequence; files that are no DICOM have none."""
    first = min((path for path in series.iterdir() if path.is_file()), default=None)
    if first is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd values elsewhere in the header do not matter here
            header = pydicom.dcmread(first, stop_before_pixels=True, specific_tags=["SeriesDescription"])
    except (InvalidDicomError, OSError, ValueError):
        return False
    return str(header.get("SeriesDescription", "")).startswith(SEQUENCE)


def _open(folder: Path, split: str) -> VolumeCases:
    del split
    series = [
        path
        for site in subfolders(folder)
        for subject in subfolders(site)
        for date in subfolders(subject)
        for path in subfolders(date)
    ]
    return unlabelled_cases({path.relative_to(folder).as_posix(): path for path in series if _is_dess(path)})


FORM = Form(
    name="oai",
    tree=f"""\
<folder>/                          such as 00m
  0.C.2/<subject>/<date>/<series>/001 ...    DICOM files; series described as {SEQUENCE}_... are taken
  0.E.1/<subject>/<date>/<series>/001 ...
Cases are called 0.C.2/<subject>/<date>/<series>.""",
    open=_open,
)
