from io import StringIO

from rich.console import Console

from isegformer.cli.volume_tables import fewer_slices_note, volumes_tables

METRICS = {"sensitivity": 0.8765, "ppv": 1.0, "hd95_mm": 10.109, "assd_mm": 4.9061, "nsd": 0.2684}
MEASURED = {
    "cases": 40,
    "dice": {"1": 0.5516, "at 16,32": 0.9064},
    "dice_interval": {"1": [0.4614, 0.664], "at 16,32": [0.87, 0.93]},
    "metrics": {"1": METRICS, "at 16,32": {**METRICS, "hd95_mm": None}},
    "measured": {"1": 40, "10": 38},
    "slices_used": {"1": 1.0, "10": 8.25},
    "fewer_slices": {"1": 0, "10": 7},
}
NOTHING = {
    "cases": 0,
    "dice": {"1": None},
    "dice_interval": {"1": None},
    "metrics": {"1": dict.fromkeys(METRICS)},
    "fewer_slices": {"1": 0},
}


def printed(methods):
    stream = StringIO()
    summary = {"datasets": dict.fromkeys(next(iter(methods.values()))), "methods": methods}
    Console(file=stream, width=80).print(volumes_tables(summary))
    return stream.getvalue()


def test_every_choice_of_slices_has_a_line_with_dice_interval_and_metrics():
    lines = [line.split() for line in printed({"combined": {"heart": MEASURED}}).splitlines()]
    assert ["1", "0.552", "0.46-0.66", "0.876", "1.000", "10.11", "4.91", "0.268"] in lines
    assert ["combined"] in lines
    assert ["at", "16,32", "0.906", "0.87-0.93", "0.876", "1.000", "-", "4.91", "0.268"] in lines


def test_a_dataset_without_numbers_has_dashes_and_every_dataset_a_table():
    shown = printed({"combined": {"heart": MEASURED, "empty": NOTHING}})
    assert ["1", *6 * ["-"]] in [line.split() for line in shown.splitlines()]
    assert "heart: 40 objects" in shown
    assert "empty: 0 objects" in shown


def test_one_volume_is_said_to_be_one_in_place_of_an_interval():
    alone = {**MEASURED, "dice_interval": {"1": None, "at 16,32": None}}
    lines = [line.split() for line in printed({"combined": {"heart": alone}}).splitlines()]
    assert ["1", "0.552", "1", "volume", "0.876", "1.000", "10.11", "4.91", "0.268"] in lines


def test_many_methods_fit_on_a_narrow_terminal():
    shown = printed(
        {f"combined with weights {number}.safetensors": {"heart": MEASURED} for number in range(8)}
    )
    assert shown.count("0.46-0.66") == 8  # no number is broken
    assert shown.count("10.11") == 8
    assert [line.rstrip() for line in shown.splitlines()].count("combined with weights 3.safetensors") == 1


def test_objects_that_are_too_short_are_told_with_the_slices_that_they_were_given():
    assert fewer_slices_note({"datasets": {"heart": MEASURED, "empty": NOTHING}}) == (
        "objects on fewer slices were given all they have: "
        "heart: 7 of 38 objects, asked for 10 (8.2 on average)"
    )
    assert fewer_slices_note({"datasets": {"empty": NOTHING}}) is None
