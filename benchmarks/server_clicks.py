"""How long does a person wait for a click, from the request to the answer of the server?

    python benchmarks/server_clicks.py --clicks 40 --json server_clicks.json

Starts `isegformer serve` on a synthetic scan. The first click is the first of all on a server whose networks
are ready; the first click on each slice looks twice.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from server import CLICKED, Person, serving, write_scan

WARM_UP_S = 30.0
"""Longer than a server takes to compile its networks where no cache holds them."""


def measure(root: Path, *, n_clicks: int) -> dict[str, Any]:
    """Return milliseconds of requests: the first, later ones on its slice, the first ones of other slices."""
    write_scan(root / "scan.nii.gz", CLICKED)
    with serving(root, ["person"]) as ((person,), _):
        time.sleep(WARM_UP_S)
        scan = person.open("scan.nii.gz")
        seconds = [_seconds(person, scan, index=0, number=number) for number in range(n_clicks)]
        others = [_seconds(person, scan, index=index, number=0) for index in range(1, CLICKED[2])]
    return {
        "first_ms": round(1000 * seconds[0], 1),
        "later_median_ms": _milliseconds(seconds[1:], 50),
        "later_p95_ms": _milliseconds(seconds[1:], 95),
        "first_of_a_slice_median_ms": _milliseconds(others, 50),
    }


def _milliseconds(seconds: list[float], percent: int) -> float:
    return round(1000 * float(np.percentile(seconds, percent)), 1)


def _seconds(person: Person, scan: str, *, index: int, number: int) -> float:
    row, col = (CLICKED[axis] // 2 + (number * 7 * (axis + 2)) % 50 for axis in (0, 1))
    clicks = [{"row": row, "col": col, "is_positive": number % 3 != 2}]
    body = {"label": 1, "axis": 2, "index": index, "clicks": clicks}
    start = time.perf_counter()
    person.ask(f"sessions/{scan}/clicks", body)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print or write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        root.mkdir()
        text = json.dumps(measure(root, n_clicks=options.clicks), indent=2)
    print(text)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
