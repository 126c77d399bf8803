from isegformer.evaluation.report.table import MISSING, change, number, share


def test_a_number_shows_rounded_digits_and_sorts_by_all_of_them():
    cell = number(-1.2345, digits=2, interval=(-2.0, 0.126))
    assert (cell.text, cell.value, cell.interval) == (
        "\N{MINUS SIGN}1.23",
        -1.2345,
        "\N{MINUS SIGN}2.00 to 0.13",
    )


def test_what_was_not_measured_has_no_value_to_sort_by():
    assert (number(None, digits=2).text, number(None, digits=2).value) == (MISSING, None)
    assert (share(None).text, share(None).value) == (MISSING, None)


def test_a_share_is_told_in_per_cent_and_so_is_its_interval():
    cell = share(0.125, interval=(0.0, 0.5))
    assert (cell.text, cell.interval) == ("12.5\N{NARROW NO-BREAK SPACE}%", "0.0 to 50.0")


def test_a_change_has_its_sign_on_either_side_of_0():
    cell = change(0.5, digits=1, interval=(-0.25, 1.0))
    assert (cell.text, cell.interval) == ("+0.5", "\N{MINUS SIGN}0.2 to +1.0")
