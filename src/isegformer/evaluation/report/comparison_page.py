"""The comparison of two evaluations as one HTML page that loads nothing from anywhere."""

from dataclasses import dataclass

from isegformer import __version__
from isegformer.atomic import replace_atomically
from isegformer.evaluation.comparison import Comparison, Difference
from isegformer.evaluation.report.fact_tables import NOT_SHOWN, quantity_digits, quantity_title
from isegformer.evaluation.report.rendering import render
from isegformer.evaluation.report.table import Cell, Column, Table, change, number, words
from isegformer.evaluation.statistics import Estimate
from isegformer.types import PathLike

NOTE = (
    "Means over the cases that both evaluations measured, and the mean difference, second minus first, case "
    "by case; below each its 95 % bootstrap interval. One is called better where the interval of the "
    "difference does not hold 0; any other difference may be chance."
)


@dataclass(frozen=True, kw_only=True)
class ComparisonPage:
    """Everything that the template shows."""

    title: str
    kind: str
    counts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    table: Table
    evaluations: tuple[tuple[str, str], ...]
    version: str = __version__


def write_comparison(comparison: Comparison, path: PathLike) -> None:
    """Write a comparison as an HTML page; raises WriteError where the file cannot be written."""
    text = render("comparison.html.j2", page=comparison_page(comparison))
    with replace_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def comparison_page(comparison: Comparison) -> ComparisonPage:
    """Return what the page of a comparison shows."""
    differences = comparison.differences
    methods = differences[0].methods
    counts = (
        ("data folders", len({one.dataset for one in differences})),
        ("pairs of methods", len({one.methods for one in differences})),
        ("second better", sum(one.verdict == "second" for one in differences)),
        ("first better", sum(one.verdict == "first" for one in differences)),
        ("no difference shown", sum(not one.verdict for one in differences)),
    )
    return ComparisonPage(
        title=f"{methods[0]} and {methods[1]}" if len(set(methods)) > 1 else f"{methods[0]}, twice",
        kind=f"Comparison of two evaluations of {comparison.kind}",
        counts=tuple((name, str(value)) for name, value in counts),
        warnings=comparison.warnings,
        table=differences_by_case(comparison),
        evaluations=(("first", comparison.paths[0]), ("second", comparison.paths[1])),
    )


def differences_by_case(comparison: Comparison) -> Table:
    """Return the table of all differences."""
    heads = ("Data", "First method", "Second method", "Setting", "Quantity")
    numbers = ("First", "Second", "Second \N{MINUS SIGN} first", "Cases")
    return Table(
        title="Differences",
        note=NOTE,
        columns=(
            *(Column(title=title, is_head=True) for title in heads),
            *(Column(title=title, is_number=True) for title in numbers),
            Column(title="Better"),
        ),
        rows=tuple(_row(one) for one in comparison.differences),
    )


def _row(one: Difference) -> tuple[Cell, ...]:
    digits, difference = quantity_digits(one.quantity), one.difference
    return (
        *(words(text) for text in (one.dataset, *one.methods, one.setting, quantity_title(one.quantity))),
        *(_estimate(estimate, digits=digits) for estimate in (one.first, one.second)),
        change(difference.mean, digits=digits, interval=difference.interval),
        number(difference.n, digits=0),
        words(one.verdict or NOT_SHOWN),
    )


def _estimate(estimate: Estimate, *, digits: int) -> Cell:
    return number(estimate.mean, digits=digits, interval=estimate.interval)
