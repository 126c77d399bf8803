from io import StringIO

from rich.console import Console

from isegformer.cli.click_tables import clicks_tables


def numbers_of(interval):
    return {
        "cases": 6,
        "noc": {"85": 6.6667},
        "noc_interval": {"85": interval and [2.9, 14.5]},
        "failures": {"85": 0.125},
        "failures_interval": {"85": interval and [0.0, 0.5]},
        "iou_after": dict.fromkeys(("1", "3", "5", "10"), 0.75),
        "iou_after_interval": dict.fromkeys(("1", "3", "5", "10"), interval and [0.5, 1.0]),
        "seconds_per_click": {"median": 0.0625, "p95": 0.25},
        "memory": {"rss_peak_mb": None},
        "failed_cases": 0,
    }


def lines_of(*methods, interval=(0, 1)):
    stream = StringIO()
    summary = {
        "datasets": {"heart": {}},
        "methods": {method: {"heart": numbers_of(interval)} for method in methods},
    }
    Console(file=stream, width=80).print(clicks_tables(summary))
    return [line.split() for line in stream.getvalue().splitlines()]


def test_intervals_stand_below_the_means():
    lines = lines_of("compact", "grabcut")
    at = lines.index(["clicks", "to", "IoU", "0.85", "6.67", "6.67"])
    assert lines[at + 1] == ["2.90-14.50", "2.90-14.50"]
    at = lines.index(["never", "reach", "0.85", "12%", "12%"])
    assert lines[at + 1] == ["0-50%", "0-50%"]


def test_five_methods_fit_into_80_columns_without_a_broken_number():
    lines = lines_of("a", "b", "c", "d", "e")
    assert ["2.90-14.50"] * 5 in [line[-5:] for line in lines]


def test_one_image_has_no_interval():
    assert ["never", "reach", "0.85", "12%"] in lines_of("compact", interval=None)
    assert not [line for line in lines_of("compact", interval=None) if line == ["2.90-14.50"]]
