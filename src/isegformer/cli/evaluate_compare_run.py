"""What `isegformer evaluate compare` does; apart from its command so that `--help` imports nothing heavy."""

from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from isegformer.cli.reporter import Reporter
from isegformer.evaluation.comparison import Comparison, Difference, compare
from isegformer.evaluation.report import write_comparison
from isegformer.evaluation.report.fact_tables import NOT_SHOWN, quantity_digits, quantity_title
from isegformer.evaluation.stored import read_evaluation

LOOKS = {"first": "yellow", "second": "green", "": "dim"}
"""Of a line of the table, by what is better."""


def run_compare(first: Path, second: Path, *, html: Path | None, reporter: Reporter) -> None:
    """Compare two evaluations and tell; IsegformerError where they cannot be compared."""
    comparison = compare(read_evaluation(first), read_evaluation(second))
    if html is not None:
        write_comparison(comparison, html)
    for warning in comparison.warnings:
        reporter.note(f"warning: {warning}")
    reporter.result(comparison.record(), view=comparison_tables(comparison))


def comparison_tables(comparison: Comparison) -> Group:
    """Return one table for every data folder, pair of methods and setting."""
    tables: dict[tuple[str, ...], Table] = {}
    for one in comparison.differences:
        place = (one.dataset, *one.methods, one.setting)
        if place not in tables:
            tables[place] = _empty_table(one)
        tables[place].add_row(quantity_title(one.quantity), *_numbers(one), style=LOOKS[one.verdict])
    return Group(*tables.values())


def _empty_table(one: Difference) -> Table:
    first, second = one.methods
    setting = f" ({one.setting})" if one.setting else ""
    title = Text(f"\n{one.dataset}: first {first}, second {second}{setting}", style="bold")
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("quantity")
    for name in ("first", "second", "difference", "95 % interval", "cases"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("better", no_wrap=True)
    return table


def _numbers(one: Difference) -> tuple[str, ...]:
    """Return the cells of the numbers, and of what is better."""
    found, digits = one.difference, quantity_digits(one.quantity)
    return (
        f"{one.first.mean:.{digits}f}",
        f"{one.second.mean:.{digits}f}",
        f"{found.mean:+.{digits}f}",
        "one case" if found.interval is None else " to ".join(f"{end:+.{digits}f}" for end in found.interval),
        str(found.n),
        one.verdict or NOT_SHOWN,
    )
