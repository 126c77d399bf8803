"""Draw what `speed.py` measured: how clicks and propagation grow with their work, beside plain PyTorch.

python benchmarks/curves.py bench.json --output docs/images/speed.png
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS, PLAIN = "tab:blue", "tab:gray"
BASE = {"slices": 16, "side_px": 256, "objects": 1}
"""Where one thing grows, the others stay at this."""
GROWING = {"slices": "slices", "objects": "objects", "side_px": "side of the slices (px)"}
Lines = Sequence[dict[str, Any]]


def draw(report: dict[str, Any]) -> Figure:
    """Return a figure: clicks on the left, propagation by slices, objects and size beside them."""
    figure = Figure(figsize=(13, 3.4), layout="constrained")
    axes = figure.subplots(1, 1 + len(GROWING))
    largest = max(line["slice_px"] for line in report["clicks"])
    clicks = [line for line in report["clicks"] if line["slice_px"] == largest]
    _curves(axes[0], clicks, "click", "ours_s", f"click on a slice of {largest} px (ms)")
    axes[0].set_xlabel("number of the click")
    for part, (name, words) in zip(axes[1:], GROWING.items(), strict=True):
        others = {key: value for key, value in BASE.items() if key != name}
        lines = [
            line
            for line in report["propagation"]
            if line["method"] == "combined" and others.items() <= line.items()
        ]
        _curves(
            part,
            sorted(lines, key=lambda line: line[name]),
            name,
            "ours_s_per_slice",
            "propagation, for each slice (ms)",
        )
        part.set_xlabel(words)
    axes[0].legend()
    figure.suptitle(f"{report['runtime']}, threads: {report['environment']['threads']}", fontsize=10)
    return figure


def _curves(axes: Axes, lines: Lines, x: str, seconds: str, title: str) -> None:
    places = [line[x] for line in lines]
    ours = [1000 * line[seconds] for line in lines]
    plain = [value / line["median"] for value, line in zip(ours, lines, strict=True)]
    axes.plot(places, plain, "o-", color=PLAIN, label="plain PyTorch")
    axes.plot(places, ours, "o-", color=OURS, label="ours")
    axes.set_ylim(bottom=0)
    axes.set_xticks(places)
    axes.set_title(title, fontsize=10)


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("report", type=Path)
    parser.add_argument("--output", type=Path, required=True, help=".svg or .png")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    draw(json.loads(arguments.report.read_text(encoding="utf-8"))).savefig(arguments.output)


if __name__ == "__main__":
    main()
