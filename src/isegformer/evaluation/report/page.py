"""The report of an evaluation: one HTML page that loads nothing from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from isegformer import __version__
from isegformer.atomic import replace_atomically
from isegformer.evaluation.ranking import CaseRecord, rank
from isegformer.evaluation.records import ClickRecord, VolumeRecord
from isegformer.evaluation.report.case_picture import PictureSource
from isegformer.evaluation.report.case_view import CaseView, case_views
from isegformer.evaluation.report.chart import STYLES, Chart, Frame, chart_of
from isegformer.evaluation.report.curves import CurveGroup, click_curves, volume_curves
from isegformer.evaluation.report.fact_tables import differences_table, facts, failed_table
from isegformer.evaluation.report.measured import (
    Summary,
    data_without_intervals,
    leading_method,
    measured,
)
from isegformer.evaluation.report.measured_tables import tables_of
from isegformer.evaluation.report.rendering import render
from isegformer.evaluation.report.robot_tables import robot_differences_table, robots_table
from isegformer.evaluation.report.table import Table
from isegformer.types import PathLike

KINDS = {"clicks": "Evaluation of clicks on slices", "volumes": "Evaluation of propagation in volumes"}
BAND_NOTE = "Mean over objects, with its 95 % bootstrap interval as a band."
CURVES_NOTE = {
    "clicks": f"{BAND_NOTE} A finished object keeps its last IoU. Axes of IoU need not start at 0.",
    "volumes": (
        f"{BAND_NOTE} A volume that the robot user finished keeps its last Dice; before its first mask its "
        "Dice is 0. Axes need not start at 0."
    ),
}
PICTURE_NOTE = (
    "Of fewer than twenty, the better half is shown as the best. Pictures are cut to what matters, and their "
    "contrast is stretched. An object is named by its value in the labels."
)
ORDER_NOTE = {
    "clicks": "mean IoU over the first 20 clicks.",
    "volumes": (
        "Dice with the most annotated slices. Shown are the slice with the lowest Dice and the middle one of "
        "the object, with the clicks of a robot user."
    ),
}


@dataclass(frozen=True, kw_only=True)
class DatasetCharts:
    """All curves of one data folder."""

    title: str
    looks: tuple[tuple[str, int], ...]
    """Names of the curves and their looks, for the legend."""
    charts: tuple[Chart, ...]


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """The best or the worst cases of one way to measure them, not empty."""

    title: str
    cases: tuple[CaseView, ...]

    @property
    def has_pairs(self) -> bool:
        """Whether cases have several pictures, and need the room for them."""
        return any(len(case.drawings) > 1 for case in self.cases)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the template shows."""

    title: str
    kind: str
    counts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    tables: tuple[Table, ...]
    differences: tuple[Table, ...]
    charts: tuple[DatasetCharts, ...]
    curves_note: str
    cases_note: str
    galleries: tuple[Gallery, ...]
    failed: Table
    configuration: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    frame: Frame = field(default_factory=Frame)
    version: str = __version__


def write_report(
    summary: Summary, records: Sequence[CaseRecord], pictures: PictureSource | None, path: PathLike
) -> None:
    """Write the report of an evaluation to `path`.

    Parameters
    ----------
    summary : as `isegformer evaluate` writes it with --json; every number of the tables is one of it
    records : of all cases; curves and the best and worst cases come from them
    pictures : gives what is drawn of a case; called for at most 20 of them. None: a report without pictures

    Raises
    ------
    WriteError : the file cannot be written
    """
    text = render("page.html.j2", page=page_of(summary, records, pictures))
    with replace_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def page_of(summary: Summary, records: Sequence[CaseRecord], pictures: PictureSource | None) -> Page:
    """Return what the report of an evaluation shows."""
    kind = "volumes" if summary.get("kind") == "volumes" else "clicks"
    leading = leading_method(summary)
    failed = summary.get("failed", ())
    return Page(
        title=", ".join(summary.get("datasets", {})) or "Nothing measured",
        kind=KINDS[kind],
        counts=_counts(summary),
        warnings=(*_failure_warnings(len(failed)), *_interval_warnings(summary)),
        tables=(*tables_of(summary), *_with_rows(robots_table(summary))),
        differences=_with_rows(differences_table(summary), robot_differences_table(summary)),
        charts=_charts(records),
        curves_note=CURVES_NOTE[kind],
        cases_note=f"Cases of {leading}, put in order by their {ORDER_NOTE[kind]} {PICTURE_NOTE}",
        galleries=_galleries(records, leading, pictures),
        failed=failed_table(failed),
        configuration=facts(summary.get("configuration", {})),
        environment=facts(summary.get("environment", {})),
    )


def _with_rows(*tables: Table) -> tuple[Table, ...]:
    return tuple(table for table in tables if table.rows)


def _galleries(
    records: Sequence[CaseRecord], leading: str, pictures: PictureSource | None
) -> tuple[Gallery, ...]:
    """Return the worst and the best cases of the first method, each way to measure for itself."""
    return tuple(
        Gallery(title=f"{title}{way}", cases=case_views(cases, pictures))
        for way, some in _ways([record for record in records if record.key.method == leading]).items()
        for title, cases in (("Worst", rank(some).worst), ("Best", rank(some).best))
        if cases
    )


def _ways(records: Sequence[CaseRecord]) -> dict[str, list[CaseRecord]]:
    """Return records by the end of a title: those from given slices, and those of the first robot user."""
    robots = [record for record in records if isinstance(record, VolumeRecord) and record.curve]
    if not robots:
        return {"": list(records)}
    first = robots[0].key.setting
    return {
        ", from given slices": [record for record in records if record not in robots],
        f", {first}": [record for record in robots if record.key.setting == first],
    }


def _counts(summary: Summary) -> tuple[tuple[str, str], ...]:
    found = measured(summary)
    leading = [one for one in found if one.method == leading_method(summary)]
    counts = (
        ("data folders", len({one.dataset for one in found})),
        ("methods", len({one.method for one in found})),
        ("objects", sum(one.numbers.get("cases", 0) for one in leading)),
        ("failed", len(summary.get("failed", ()))),
    )
    return tuple((name, str(number)) for name, number in counts)


def _failure_warnings(n_failed: int) -> tuple[str, ...]:
    if not n_failed:
        return ()
    what = "1 measurement failed and is" if n_failed == 1 else f"{n_failed} measurements failed and are"
    return (f"{what} in no number of this page; see below.",)


def _interval_warnings(summary: Summary) -> tuple[str, ...]:
    return tuple(
        f"{dataset}: one image or volume was measured, which has no interval and cannot show a difference."
        for dataset in data_without_intervals(summary)
    )


def _charts(records: Sequence[CaseRecord]) -> tuple[DatasetCharts, ...]:
    """Return the charts of every data folder; a method looks the same in all of them."""
    groups = {
        dataset: _curves([record for record in records if record.key.dataset == dataset])
        for dataset in dict.fromkeys(record.key.dataset for record in records)
    }
    names = list(
        dict.fromkeys(curve.name for some in groups.values() for group in some for curve in group.curves)
    )
    return tuple(
        DatasetCharts(
            title=dataset,
            looks=tuple(
                (name, names.index(name) % STYLES)
                for name in dict.fromkeys(curve.name for group in some for curve in group.curves)
            ),
            charts=tuple(chart_of(group, names=names) for group in some),
        )
        for dataset, some in groups.items()
        if some
    )


def _curves(records: Sequence[CaseRecord]) -> tuple[CurveGroup, ...]:
    clicked = [record for record in records if isinstance(record, ClickRecord)]
    volumes = [record for record in records if isinstance(record, VolumeRecord)]
    return (*click_curves(clicked), *volume_curves(volumes))
