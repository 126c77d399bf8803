from io import StringIO

from rich.console import Console

from isegformer.cli.robot_tables import robot_tables


def estimate(mean, low, high):
    return {"mean": mean, "low": low, "high": high, "n": 4}


NUMBERS = {
    "dice_by_slices": {"1": estimate(0.5, 0.4, 0.6), "2": estimate(0.75, None, None)},
    "enough": {"dice": 0.9, "share": estimate(0.75, 0.5, 1), "slices": estimate(2.5, 2, 3), "clicks": None},
}


def printed(differences=()):
    stream = StringIO()
    strategies = {"suggested-in-extent": NUMBERS, "even": NUMBERS}
    summary = {
        "robots": {"heart": {"combined": strategies, "morphological": strategies}},
        "robot_differences": differences,
    }
    Console(file=stream, width=80).print(robot_tables(summary))
    return stream.getvalue()


def test_every_way_to_work_has_its_means_with_intervals_below_in_80_columns():
    lines = [line.split() for line in printed().splitlines()]
    assert lines.count(["combined"]) == 1
    at = lines.index(["even", "0.50", "0.75", "-", "-", "-", "75%", "2.5", "-"])
    assert lines[at + 1] == ["0.40-0.60", "50-100%", "2.0-3.0"]


def test_differences_in_slices_are_told_with_intervals_and_most_of_those_in_dice_are_left_to_the_file():
    ways = {
        "dataset": "heart",
        "methods": ["combined", "combined"],
        "strategies": ["suggested", "even"],
        "n": 4,
    }
    shown = printed(
        [
            {**ways, "quantity": "slices@90", "mean": -0.5, "low": -0.75, "high": -0.25},
            {**ways, "quantity": "dice@5 slices", "mean": 0.125, "low": 0.1, "high": 0.2},
        ]
    )
    assert "combined, suggested" in shown
    assert "-0.50 -0.75 to -0.25 second" in " ".join(shown.split())
    assert "0.125" not in shown
