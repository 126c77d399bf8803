from isegformer.evaluation.report.robot_tables import robot_differences_table, robots_table


def estimate(mean, low, high, n=4):
    return {"mean": mean, "low": low, "high": high, "n": n}


NUMBERS = {
    "cases": 4,
    "dice_by_slices": {"1": estimate(0.5, 0.4, 0.6), "4": estimate(0.9, 0.8, 0.95)},
    "enough": {"dice": 0.9, "share": estimate(0.75, 0.5, 1.0), "slices": estimate(2.5, 2, 3), "clicks": None},
}
DIFFERENCE = {"dataset": "d", "methods": ["net", "peer"], "strategies": ["even", "even"], "n": 4}


def texts(row):
    return [(cell.text, cell.interval) for cell in row]


def test_every_method_and_strategy_has_a_row_with_intervals():
    table = robots_table({"robots": {"d": {"net": {"suggested": NUMBERS, "even": NUMBERS}}}})
    assert [column.title for column in table.columns][3:] == [
        "Cases", "Dice@1", "Reach 0.9", "Slices to 0.9", "Clicks to 0.9",
    ]  # fmt: skip
    assert [row[2].text for row in table.rows] == ["suggested", "even"]
    assert texts(table.rows[0])[3:] == [
        ("4", ""), ("0.500", "0.400 to 0.600"), ("75.0\N{NARROW NO-BREAK SPACE}%", "50.0 to 100.0"),
        ("2.50", "2.00 to 3.00"), ("\N{EN DASH}", ""),
    ]  # fmt: skip


def test_fewer_slices_and_more_dice_are_better_and_one_volume_shows_nothing():
    quantities = [
        ("slices@90", 1.5, 0.5, 2.0),
        ("dice@3 slices", 0.1, 0.05, 0.2),
        ("slices@90", 1, None, None),
    ]
    table = robot_differences_table(
        {
            "robot_differences": [
                {**DIFFERENCE, "quantity": quantity, "mean": mean, "low": low, "high": high}
                for quantity, mean, low, high in quantities
            ]
        }
    )
    assert texts(table.rows[0])[1:] == [
        ("net, even", ""), ("peer, even", ""), ("slices@90", ""), ("+1.50", "+0.50 to +2.00"), ("4", ""),
        ("net, even", ""),
    ]  # fmt: skip
    assert table.rows[1][-1].text == "peer, even"
    assert texts(table.rows[2])[-3:] == [("+1.00", ""), ("4", ""), ("not shown", "")]


def test_without_robots_there_are_no_rows():
    assert robots_table({}).rows == ()
    assert robot_differences_table({}).rows == ()
