"""Opening a folder: what is there, what was expected, which cases."""

import re

import pytest
from dataset_trees import LABELS, make_volumes, put, put_volume

from isegformer.datasets import FORMS, form_named, open_cases, read_split
from isegformer.errors import ConfigError, DatasetError, UnreadableCaseError


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_of_another_form_is_answered_with_the_expected_tree(form, tmp_path):
    (tmp_path / "holiday.txt").write_text("x")
    with pytest.raises(DatasetError) as raised:
        open_cases(form, tmp_path)
    message = str(raised.value)
    assert f"{tmp_path} does not have the form {form!r}" in message
    assert f"Expected:\n{FORMS[form].tree}\n" in message
    assert message.endswith("Found: holiday.txt")


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_folder_is_said_to_be_missing(form, tmp_path):
    with pytest.raises(DatasetError, match="Found: no folder"):
        open_cases(form, tmp_path / "absent")


def test_a_long_folder_is_listed_in_part(tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02d}.txt").touch()
    with pytest.raises(DatasetError) as raised:
        open_cases("slices", tmp_path)
    found = str(raised.value).split("Found: ")[1]
    assert found.count(".txt") == 8
    assert found.endswith(", ...")


def test_an_unknown_form_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"'stacks', expected one of: slices, volumes, .*coco-lvis"):
        form_named("stacks")


def test_cases_can_be_chosen_and_keep_that_order(tmp_path):
    make_volumes(tmp_path)
    assert open_cases("volumes", tmp_path, cases=["b", "a"]).names == ("b", "a")
    assert (open_cases("volumes", tmp_path, cases=["b"]).read(0).label_map.labels > 0).any()


def test_a_case_that_is_missing_is_named(tmp_path):
    make_volumes(tmp_path)
    with pytest.raises(DatasetError, match="lacks 1 of the 2 cases asked for, the first is 'c'"):
        open_cases("volumes", tmp_path, cases=["a", "c"])


def test_one_name_with_two_endings_is_refused(tmp_path):
    make_volumes(tmp_path)
    put_volume(tmp_path / "a_image.nrrd", LABELS[..., None].astype("uint16"))
    with pytest.raises(DatasetError, match=r"a_image\.nii\.gz and a_image\.nrrd .* have the same name"):
        open_cases("volumes", tmp_path)


def test_labels_on_another_grid_name_the_case(tmp_path):
    put_volume(tmp_path / "a_image.nii.gz", LABELS[..., None].astype("uint16"))
    put_volume(tmp_path / "a_label.nii.gz", LABELS[:3, :, None].astype("uint16"))
    with pytest.raises(UnreadableCaseError, match=r"case 'a' cannot be used: .*\(4, 5, 1\) and \(3, 5, 1\)"):
        open_cases("volumes", tmp_path).read(0)


def test_labels_of_another_size_name_the_case(tmp_path):
    put(tmp_path / "images" / "a.png", LABELS)
    put(tmp_path / "labels" / "a.png", LABELS[:3])
    with pytest.raises(
        UnreadableCaseError, match=r"case 'a' .*\(3, 5\), expected that of the image, \(4, 5\)"
    ):
        open_cases("slices", tmp_path).read(0)


def test_an_image_without_labels_and_labels_without_an_image_are_no_cases_but_known(tmp_path):
    for part, names in (("images", "ab"), ("labels", "bc")):
        for name in names:
            put(tmp_path / "slices" / part / f"{name}.png", LABELS)
    slices = open_cases("slices", tmp_path / "slices")
    assert slices.names == ("b",)
    assert slices.incomplete == {"a": "it has an image but no labels", "c": "it has labels but no image"}
    make_volumes(tmp_path / "volumes")
    (tmp_path / "volumes" / "b_label.nrrd").unlink()
    assert open_cases("volumes", tmp_path / "volumes").incomplete == {"b": "it has an image but no labels"}


def test_a_damaged_volume_is_named(tmp_path):
    make_volumes(tmp_path)
    path = tmp_path / "a_image.nii.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableCaseError, match=re.escape(str(path))):
        open_cases("volumes", tmp_path).read(0)


INDEX = '{"cells": {"train": ["a", "b"], "val": 3, "test": [1]}}'


def test_the_index_names_the_cases_of_a_split(tmp_path):
    (tmp_path / "index.json").write_text(INDEX)
    assert read_split(tmp_path / "index.json", folder="cells", split="train") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "folder", "split", "message"),
    [
        (INDEX, "cells", "none", "no split 'none' of 'cells'"),
        (INDEX, "organs", "train", "no split 'train' of 'organs'"),
        (INDEX, "cells", "val", "no list of names"),
        (INDEX, "cells", "test", "no list of names"),
        ("[]", "cells", "train", "holds no object"),
        ("{", "cells", "train", "cannot read the index"),
        ("[" * 100_000, "cells", "train", "cannot read the index"),
        (None, "cells", "train", "cannot read the index"),
    ],
)
def test_an_index_of_another_shape_is_refused(text, folder, split, message, tmp_path):
    path = tmp_path / "index.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_split(path, folder=folder, split=split)
