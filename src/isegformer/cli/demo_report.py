"""The numbers of a demo: as a record, and as a table."""

import dataclasses
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class RoundReport:
    """One line of the table."""

    name: str
    slices: tuple[int, ...]
    """Slices that were clicked on."""
    clicks: int
    seconds_per_click: float | None
    """None if nobody had to click."""
    seconds_per_slice: float
    """Of propagation."""
    dice: float | None
    """None where the truth is not known."""


@dataclass(frozen=True, kw_only=True)
class DemoReport:
    """What a demo did and measured."""

    title: str
    shape: tuple[int, int, int]
    axis: int
    method: str
    rounds: tuple[RoundReport, ...]
    mask: Path
    sheet: Path

    def record(self) -> dict[str, Any]:
        """Return the report ready for JSON, with the peak memory of the process so far."""
        record = dataclasses.asdict(self)
        return {
            **record,
            "mask": str(self.mask),
            "sheet": str(self.sheet),
            "peak_memory_mib": peak_memory_bytes() / MIB,
        }


def peak_memory_bytes() -> int:
    """Return the largest resident size of this process; the kernel counts in KiB, that of macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def report_view(report: DemoReport) -> Group:
    """Return the report as a person reads it."""
    size = " x ".join(str(length) for length in report.shape)
    table = Table(title=f"{report.title}, {size} voxels, axis {report.axis}", title_justify="left")
    table.add_column("round")
    table.add_column("slices clicked on")
    for title in ("clicks", "s per click", "s per slice", "Dice"):
        table.add_column(title, justify="right")
    for one in report.rounds:
        table.add_row(
            one.name,
            ", ".join(str(index) for index in one.slices) or "-",
            str(one.clicks),
            _number(one.seconds_per_click, digits=2),
            _number(one.seconds_per_slice, digits=2),
            _number(one.dice, digits=3),
        )
    facts = (
        f"propagation: {report.method}; peak memory: {peak_memory_bytes() / MIB:.0f} MiB\n"
        f"mask:    {report.mask}\npicture: {report.sheet}"
    )
    return Group(table, Text(facts))


def _number(value: float | None, *, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
