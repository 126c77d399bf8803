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
from isegformer.evaluation.report.measured import Summary, leading_method, measured
from isegformer.evaluation.report.measured_tables import tables_of
from isegformer.evaluation.report.rendering import render
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
ORDER_NOTE = {"clicks": "mean IoU over the first 20 clicks", "volumes": "Dice"}


@dataclass(frozen=True, kw_only=True)
class DatasetCharts:
    """All curves of one data folder."""

    title: str
    looks: tuple[tuple[str, int], ...]
    """Names of the curves and their looks, for the legend."""
    charts: tuple[Chart, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the template shows."""

    title: str
    kind: str
    counts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    tables: tuple[Table, ...]
    differences: Table
    charts: tuple[DatasetCharts, ...]
    curves_note: str
    cases_note: str
    best: tuple[CaseView, ...]
    worst: tuple[CaseView, ...]
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
    ranking = rank([record for record in records if record.key.method == leading])
    failed = summary.get("failed", ())
    return Page(
        title=", ".join(summary.get("datasets", {})) or "Nothing measured",
        kind=KINDS[kind],
        counts=_counts(summary),
        warnings=_warnings(len(failed)),
        tables=tables_of(summary),
        differences=differences_table(summary),
        charts=_charts(records),
        curves_note=CURVES_NOTE[kind],
        cases_note=f"Cases of {leading}, put in order by their {ORDER_NOTE[kind]}. {PICTURE_NOTE}",
        best=case_views(ranking.best, pictures),
        worst=case_views(ranking.worst, pictures),
        failed=failed_table(failed),
        configuration=facts(summary.get("configuration", {})),
        environment=facts(summary.get("environment", {})),
    )


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


def _warnings(n_failed: int) -> tuple[str, ...]:
    if not n_failed:
        return ()
    what = "1 measurement failed and is" if n_failed == 1 else f"{n_failed} measurements failed and are"
    return (f"{what} in no number of this page; see below.",)


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
