"""Registry: the forms of data folders by name. A new form is one file and one line in FORMS."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from isegformer.datasets.folders import listing
from isegformer.datasets.forms import (
    berkeley,
    brats,
    coco_lvis,
    davis,
    grabcut,
    images,
    oai,
    oai_zib,
    oai_zib_slices,
    pascal_voc,
    sbd,
    scans,
    slices,
    sstem,
    volumes,
)
from isegformer.datasets.values import Cases, Form
from isegformer.errors import ConfigError, DatasetError

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        form.name: form
        for form in (
            slices.FORM,
            volumes.FORM,
            images.FORM,
            scans.FORM,
            oai_zib.FORM,
            oai_zib_slices.FORM,
            oai.FORM,
            brats.FORM,
            sstem.MITOCHONDRIA,
            sstem.SYNAPSES,
            grabcut.FORM,
            berkeley.FORM,
            davis.FORM,
            pascal_voc.FORM,
            sbd.FORM,
            coco_lvis.FORM,
        )
    }
)
"""Every known form by its name."""


def form_named(name: str) -> Form:
    """Return a form; ConfigError lists the known ones."""
    if name not in FORMS:
        raise ConfigError(f"form is {name!r}, expected one of: {', '.join(FORMS)}")
    return FORMS[name]


def open_cases(form: str, folder: Path, *, cases: Sequence[str] | None = None, split: str = "train") -> Cases:
    """Return the cases of a data folder; none of them is read yet.

    Parameters
    ----------
    form : name of a form, see FORMS
    cases : names of those wanted, in this order; None takes all of the split
    split : which list of cases, for forms that bring their own

    Raises
    ------
    ConfigError : the form is not known
    DatasetError : the folder has another form, which the message shows, or lacks a case
    """
    expected = form_named(form)
    try:
        found = expected.open(folder, split)
        if not found.names:
            raise DatasetError("there is no case")
    except DatasetError as error:
        raise DatasetError(
            f"{folder} does not have the form {form!r}: {error}.\nExpected:\n{expected.tree}\n"
            f"Found: {listing(folder)}"
        ) from error
    if cases is None:
        return found
    if missing := sorted(set(cases) - set(found.names)):
        raise DatasetError(
            f"{folder} lacks {len(missing)} of the {len(cases)} cases asked for, the first is {missing[0]!r}"
        )
    return replace(found, names=tuple(cases))
