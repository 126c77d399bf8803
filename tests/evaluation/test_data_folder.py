import json
from pathlib import Path

import pytest
from evaluation_fakes import write_cells

from isegformer.errors import ConfigError, DatasetError
from isegformer.evaluation.data_folder import (
    DataFolder,
    detect_form,
    open_folder,
    parse_case_list,
    unique_names,
)


def test_the_two_plain_forms_are_recognised(cells, tmp_path):
    assert detect_form(cells) == "slices"
    (tmp_path / "organs").mkdir()
    (tmp_path / "organs" / "a_image.nii.gz").touch()
    assert detect_form(tmp_path / "organs") == "volumes"


def test_another_folder_is_answered_with_both_trees(tmp_path):
    with pytest.raises(DatasetError, match=r"images/<case>\.png(.|\n)*<case>_image\.nii\.gz"):
        detect_form(tmp_path)


def test_an_unknown_form_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError, match="'stacks', expected one of: slices"):
        DataFolder(name="x", path=tmp_path, form="stacks")


@pytest.fixture
def listed(tmp_path):
    """Return a folder of three cells, listed in an index beside it, and a function that opens it."""
    folder = write_cells(tmp_path / "sets" / "cells")
    index = {
        "sets/cells": {"val": ["cell_2", "cell_0"], "test": [], "odd": ["cell_9", "cell_1", "cell_3"]},
        "other": {"train": ["x"]},
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    (folder / "images" / "cell_3.png").write_bytes((folder / "images" / "cell_0.png").read_bytes())

    def opened(*splits):
        lists = tuple(parse_case_list(f"{tmp_path / 'index.json'}:{split}") for split in splits)
        return open_folder(DataFolder(name="cells", path=folder, case_lists=lists))

    return opened


def test_all_cases_count_and_an_image_without_labels_is_missing_something(listed):
    opened = listed()
    assert opened.cases.names == ("cell_0", "cell_1", "cell_2")
    assert opened.missing == {"cell_3": "it has an image but no labels"}


def test_a_list_chooses_the_cases_and_the_first_that_has_the_folder_counts(listed):
    assert listed("val").cases.names == ("cell_2", "cell_0")
    assert listed("benchmark", "val", "odd").cases.names == ("cell_2", "cell_0")
    assert listed("val").missing == {}


def test_listed_cases_that_are_not_there_are_named(listed):
    opened = listed("odd")
    assert opened.cases.names == ("cell_1",)
    assert opened.missing["cell_3"] == "it has an image but no labels"
    assert "listed, but not in" in opened.missing["cell_9"]


@pytest.mark.parametrize(
    ("split", "message"), [("none", "in none of the lists of cases"), ("test", "lists no case")]
)
def test_a_folder_that_no_list_has_cases_of_is_refused(listed, split, message):
    with pytest.raises(DatasetError, match=message):
        listed(split)


@pytest.mark.parametrize("text", ["index.json", ":val", "index.json:", "absent.json:val"])
def test_a_list_of_cases_is_a_file_and_a_split(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(ConfigError, match="list of cases is"):
        parse_case_list(text)


def test_names_are_as_short_as_they_can_be_told_apart():
    paths = [Path("/d/slices/heart"), Path("/d/volumes/heart"), Path("/d/liver")]
    assert unique_names(paths) == ["slices/heart", "volumes/heart", "liver"]
    assert unique_names([Path("/a/b"), Path("/c/a/b")]) == ["/a/b", "c/a/b"]


def test_the_same_path_twice_is_refused():
    with pytest.raises(ConfigError, match="/a/b is given twice"):
        unique_names([Path("/a/b"), Path("/a/b")])
