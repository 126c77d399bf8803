"""Adapting the click network in a process of its own: `python -m isegformer.adaptation.worker FOLDER`.

The annotation server starts it, so that training neither holds up clicks nor keeps the server's memory. The
folder holds `request.json` and, for each case, the labels as `.npy`. Standard output gets a line of JSON for
each thing that happens, with a "type":

- "progress": `measured`, `best`, `seconds`, `seconds_left`;
- "report", at the end: `measure`, `before`, `after`, `improved`; where that is so, the new weights are
  `adapted.safetensors` in the folder;
- "problem": `detail`, why it could not be done.

It has the lowest priority, and ends when standard input does, as it does when the server is killed.
"""

import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from isegformer.adaptation.adapt import Progress
from isegformer.adaptation.case import AdaptationCase
from isegformer.adaptation.entry import AdaptationReport, adapt_cases
from isegformer.errors import IsegformerError
from isegformer.volume import Window, read_volume

REQUEST = "request.json"
WEIGHTS = "adapted.safetensors"
_KINDNESS = 19
"""As nice to other processes as can be."""

Say = Callable[[Mapping[str, Any]], None]


def work(folder: Path, *, say: Say) -> None:
    """Do what the folder asks for; `say` is given what happens, as described above."""
    try:
        request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
        report = adapt_cases(
            "click",
            [_case(folder, document) for document in request["cases"]],
            name="adapted",
            start_from=request["start_from"],
            folder=folder / "run",
            device=request["device"],
            seed=0,
            minutes=request["minutes"],
            on_progress=lambda progress: say(_progress(progress)),
        )
        if report.weights is not None:
            shutil.copyfile(report.weights, folder / WEIGHTS)
        say(_report(report))
    except (IsegformerError, MemoryError) as error:
        say({"type": "problem", "detail": str(error) or "there is not enough memory to adapt the network"})


def _case(folder: Path, document: Mapping[str, Any]) -> AdaptationCase:
    low, high = document["window"]
    spacing_mm = document["spacing_mm"]
    return AdaptationCase(
        name=document["name"],
        volume=read_volume(document["volume"], spacing_mm=spacing_mm and tuple(spacing_mm)),
        window=Window(low=low, high=high),
        labels=np.load(folder / document["labels"]),
        known={int(axis): tuple(indices) for axis, indices in document["known"].items()},
    )


def _progress(progress: Progress) -> Mapping[str, Any]:
    return {
        "type": "progress",
        "measured": progress.measured,
        "best": progress.best,
        "seconds": progress.seconds,
        "seconds_left": progress.seconds_left,
    }


def _report(report: AdaptationReport) -> Mapping[str, Any]:
    record = report.record
    return {
        "type": "report",
        "measure": record.measure,
        "before": record.before,
        "after": record.after,
        "improved": report.weights is not None,
    }


def _write_line(out: TextIO, said: Mapping[str, Any]) -> None:
    out.write(f"{json.dumps(said)}\n")
    out.flush()


def _end_with_input() -> None:
    """Wait for the end of standard input, then end the process, whatever it is doing."""
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Work on the folder that the command line names."""
    if hasattr(os, "nice"):
        os.nice(_KINDNESS)
    threading.Thread(target=_end_with_input, daemon=True).start()
    import lightning  # noqa: F401, PLC0415  sets the level when it is imported, so that has to be before

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    out = sys.stdout
    with redirect_stdout(sys.stderr):  # the trainer's bars
        work(Path(sys.argv[1]), say=lambda said: _write_line(out, said))


if __name__ == "__main__":
    main()
