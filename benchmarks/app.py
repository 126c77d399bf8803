"""Measure the browser app as a person feels it: from a click to the painted mask, and scrolling.

    python benchmarks/app.py --clicks 40 --json app.json

Starts `isegformer serve` on synthetic scans in a temporary folder, and Chromium without a window on the same
machine, which draws in software: frames per second say little about a machine with a graphics card. How long
scripts run in each frame does, and so does what the server needs for a click. Needs `make web` and Chromium.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "e2e"))

from driving import AnnotationPage, Server, chromium, free_port
from measuring import (
    CLICK_CLOCK,
    SCROLL_CLOCK,
    summary,
    time_clicks,
    time_slices,
    write_large_slices,
)

SCROLLED = (512, 512, 300)


def write_scrolled(path: Path) -> None:
    """Write a volume with a ball in it, coarse noise so that the file stays small."""
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 8, SCROLLED).astype(np.int16) * 20
    i, j = np.indices(SCROLLED[:2])
    voxels[(i - 256) ** 2 + (j - 256) ** 2 < 90**2] += 800
    nib.save(nib.Nifti1Image(voxels, np.diag([0.7, 0.7, 1.0, 1.0])), path)


def measure_clicks(browser: Any, count: int) -> dict[str, Any]:
    """Return ms from the release of the button to the frame with the mask, and its largest parts."""
    with tempfile.TemporaryDirectory() as folder:
        server = started(Path(folder), write_large_slices)
        tab = AnnotationPage(browser)
        tab.page.add_init_script(CLICK_CLOCK)
        tab.open_scan(server.signed_in)
        time_clicks(tab, 5)  # the fast runtime takes over meanwhile
        taken = time_clicks(tab, count)
        tab.close()
        server.stop()
    return {part: summary([one[part] for one in taken]) for part in ("total", "server", "drawing")}


def measure_scrolling(browser: Any, count: int) -> dict[str, Any]:
    """Return frames per second, and ms that scripts run in a frame, for one large view and for all views."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        server = started(Path(folder), write_scrolled)
        tab = AnnotationPage(browser)
        tab.page.add_init_script(SCROLL_CLOCK)
        tab.open_scan(server.signed_in)
        for keys, name in (("3", "axial"), ("1", "all views")):
            tab.press(keys)
            tab.frames(5)
            time_slices(tab, 4)
            steps = time_slices(tab, count)
            seconds = sum(step["frame"] for step in steps) / 1000
            measured[name] = {
                "frames_per_second": round(len(steps) / seconds, 1),
                "script_ms": summary([step["script"] for step in steps]),
            }
        tab.close()
        server.stop()
    return measured


def started(folder: Path, write: Any) -> Server:
    """Return a running server with one scan."""
    data_root = folder / "data"
    data_root.mkdir()
    write(data_root / "scan.nii.gz")
    server = Server(data_root=data_root, port=free_port())
    server.start()
    return server


def main() -> None:
    """Measure, and print or write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--slices", type=int, default=60, help="to scroll through; 0 leaves that out")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    with chromium() as browser:
        measured: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
        measured["click_384x384_ms"] = measure_clicks(browser, options.clicks)
        if options.slices:
            measured["scrolling_512x512x300"] = measure_scrolling(browser, options.slices)
    text = json.dumps(measured, indent=2)
    print(text)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
