"""The page on data folders says what the code expects."""

import re
from pathlib import Path

import pytest
import yaml

from isegformer.datasets import FORMS
from isegformer.training.config import ClickTrainingConfig, from_record

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_a_section(form):
    titles = {name for line in re.findall(r"^### (.+)$", PAGE, re.MULTILINE) for name in line.split(", ")}
    assert form in titles


@pytest.mark.parametrize("form", [form for form in FORMS if form != "sstem-synapses"])
def test_every_form_shows_its_tree(form):
    assert f"```text\n{FORMS[form].tree}\n```" in PAGE


def test_the_recipe_on_the_page_can_be_read():
    (recipe,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    config = from_record(ClickTrainingConfig, yaml.safe_load(recipe))
    assert config.train[1].label_groups == ((2,), (4,))
    assert config.skip_unreadable
