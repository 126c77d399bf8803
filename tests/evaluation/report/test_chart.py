import pytest

from isegformer.evaluation.report.chart import STYLES, chart_of, effort_ticks, value_ticks
from isegformer.evaluation.report.curves import Curve, CurveGroup, Point
from isegformer.evaluation.statistics import Estimate


def curve(name: str, *values: tuple[int, float, float, float]) -> Curve:
    points = tuple(
        Point(effort=effort, estimate=Estimate(mean=mean, low=low, high=high, n=7))
        for effort, mean, low, high in values
    )
    return Curve(name=name, points=points)


def group(*curves: Curve, is_share: bool = False) -> CurveGroup:
    return CurveGroup(title="Dice", effort="slices", is_share=is_share, curves=curves)


def test_axis_runs_from_the_tenth_below_the_lowest_band_to_1():
    chart = chart_of(group(curve("a", (1, 0.8, 0.65, 0.9), (3, 1.0, 0.9, 1.0))), names=["a"])
    # 400 x 270 less the margins: x from 46 to 388, y from 226 at 0.6 to 12 at 1
    assert chart.lines[0].path == "46.0,119.0 388.0,12.0"
    assert chart.lines[0].band == "46.0,65.5 388.0,12.0 388.0,65.5 46.0,199.2"
    assert [tick.text for tick in chart.y_ticks] == ["0.6", "0.7", "0.8", "0.9", "1.0"]
    assert [(tick.at, tick.text) for tick in chart.x_ticks] == [(46, "1"), (388, "3")]


@pytest.mark.parametrize(("lowest", "bottom"), [(0.72, "0.7"), (0.38, "0.2"), (0.11, "0.0")])
def test_axis_starts_at_a_tick(lowest, bottom):
    chart = chart_of(group(curve("a", (1, 0.8, lowest, 0.9), (2, 0.9, 0.8, 1.0))), names=["a"])
    assert chart.y_ticks[0].text == bottom
    assert chart.y_ticks[0].at == pytest.approx(226)  # the axis itself


def test_shares_start_at_0_and_are_told_in_per_cent():
    chart = chart_of(group(curve("a", (1, 0.9, 0.9, 0.9), (2, 1.0, 1.0, 1.0)), is_share=True), names=["a"])
    assert chart.y_ticks[0].text == "0\N{NARROW NO-BREAK SPACE}%"
    assert chart.lines[0].marks[0].text.startswith("a: 90\N{NARROW NO-BREAK SPACE}%")


def test_a_single_effort_lies_in_the_middle():
    chart = chart_of(group(curve("a", (5, 0.9, 0.9, 0.9))), names=["a"])
    assert chart.lines[0].path.startswith("217.0,")


def test_all_values_at_1_leave_an_axis():
    chart = chart_of(group(curve("a", (1, 1.0, 1.0, 1.0), (2, 1.0, 1.0, 1.0))), names=["a"])
    assert chart.y_ticks[0].text == "0.90"
    assert chart.lines[0].path == "46.0,12.0 388.0,12.0"


def test_look_of_a_curve_follows_its_place_among_all_names():
    names = [f"m{number}" for number in range(STYLES + 1)]
    lines = chart_of(group(*(curve(name, (1, 0.5, 0.5, 0.5)) for name in names[1:])), names=names).lines
    assert [line.style for line in lines] == [1, 2, 3, 4, 5, 0]


def test_points_tell_their_numbers():
    chart = chart_of(group(curve("a", (1, 0.8125, 0.75, 0.875))), names=["a"])
    assert chart.lines[0].marks[0].text == "a: 0.812 (0.750 to 0.875) after 1 slice, 7 objects"


@pytest.mark.parametrize(
    ("efforts", "expected"),
    [([3], [3]), (range(3, 30), [3, 10, 15, 20, 25]), (range(1, 101), [1, 20, 40, 60, 80, 100])],
)
def test_efforts_are_labelled_at_round_numbers(efforts, expected):
    assert effort_ticks(efforts) == expected


@pytest.mark.parametrize(
    ("bottom", "expected"),
    [(0.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.3, [0.4, 0.6, 0.8, 1]), (0.9, [0.9, 0.92, 0.94, 0.96, 0.98, 1])],
)
def test_values_are_labelled_at_round_numbers(bottom, expected):
    assert value_ticks(bottom) == expected


def test_a_point_without_an_interval_has_no_band_and_says_so():
    alone = Point(effort=1, estimate=Estimate(mean=0.75, low=None, high=None, n=2))
    chart = chart_of(group(Curve(name="a", points=(alone,))), names=["a"])
    assert (chart.lines[0].band, chart.y_ticks[0].text) == ("", "0.7")
    assert chart.lines[0].marks[0].text == "a: 0.750 (no interval) after 1 slice, 2 objects"
