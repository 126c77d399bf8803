import dataclasses

import pytest

from isegformer.adaptation.card import AdaptationRecord, card_text
from isegformer.adaptation.early_stopping import Leg


@pytest.fixture
def record():
    return AdaptationRecord(
        name="my-liver",
        kind="click",
        start_from="compact",
        start_sha256="ab12",
        train_cases=["a.nii.gz", "b.nii.gz"],
        validation_cases=["c.nii.gz"],
        measure="mean clicks to IoU 0.85",
        higher_is_better=False,
        before=9.5,
        after=4.25,
        items=12,
        legs=(Leg(step=0, loss=9.5), Leg(step=60, loss=4.25), Leg(step=120, loss=5.0)),
        seconds=90.0,
        hardware="2 cores (x86_64)",
        seed=3,
    )


def test_the_card_says_what_was_done_and_measured(record):
    text = card_text(record)
    assert text.startswith("# my-liver\n")
    for part in (
        "adapted from `compact` (SHA-256 ab12)",
        "2 cases to learn from (a.nii.gz, b.nii.gz), 1 to check on (c.nii.gz)",
        "1.5 minutes on 2 cores (x86_64), seed 3",
        "on 12 items of the cases to check on: 9.500 before, 4.250 after 60 steps",
        "| 0 | 9.500 |\n| 60 | 4.250 |\n| 120 | 5.000 |",
    ):
        assert part in text


def test_a_share_is_shown_as_it_was_measured(record):
    dice = dataclasses.replace(
        record,
        higher_is_better=True,
        before=0.5,
        after=0.75,
        legs=(Leg(step=0, loss=0.5), Leg(step=30, loss=0.25)),
    )
    assert "| 0 | 0.500 |\n| 30 | 0.750 |" in card_text(dice)


def test_many_cases_are_counted_not_listed(record):
    many = dataclasses.replace(record, train_cases=[f"case {n}" for n in range(40)])
    assert "40 cases to learn from (case 0, " in card_text(many)
    assert "case 11 and 28 more)" in card_text(many)
    assert "case 12" not in card_text(many)
