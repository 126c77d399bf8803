"""Does memory grow with the number of slices? Segmenting large volumes, each in a process of its own.

    python benchmarks/memory.py --slices 1000 --slices 1500 --objects 5 --json memory.json

A synthetic volume of cylinders is written as NIfTI, read, annotated on its middle slice in a session,
propagated to all others, looked at for advice, and written as a mask. Meanwhile the process's memory is
sampled: what is its own (anonymous or shared memory), and what are pages of files, which the system takes
back when it needs them. Linux only.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import torch

from isegformer.freed_memory import return_large_blocks
from isegformer.propagation import AdvisingPropagation, load_method
from isegformer.runtimes import AUTO
from isegformer.scratch import scratch_folder
from isegformer.session import AcceptSlice, AddObject, PaintMask, Propagate, Session, WeightsFingerprint
from isegformer.slicing import Plane
from isegformer.types import Labels
from isegformer.volume import read_volume, write_label_map

SAMPLE_S = 0.02
METHOD, WEIGHTS = "combined", "stcn-small"


def cylinders(side: int, objects: int) -> Labels:
    """Return one slice of the truth, (side, side): disks in a row."""
    rows, cols = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.uint16)
    for label in range(1, objects + 1):
        centre = side * label / (objects + 1)
        labels[np.hypot(rows - side / 2, cols - centre) < side / (3 * objects)] = label
    return labels


def write_scan(path: Path, shape: tuple[int, int, int], objects: int) -> None:
    """Write bright cylinders on noise, slice by slice."""
    rng = np.random.default_rng(0)
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(shape)
    header.set_sform(np.diag([0.7, 0.7, 1.0, 1.0]), 1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    truth = cylinders(shape[0], objects)
    with path.open("wb") as file:
        file.write(header.binaryblock + bytes(4))
        for _ in range(shape[2]):
            noise = rng.integers(0, 200, truth.shape)
            file.write((150 * truth + noise).astype("<i2").tobytes(order="F"))


class Sampler:
    """Follows the memory of this process in a thread."""

    def __init__(self) -> None:
        self.own_mb: dict[str, float] = {}
        self.file_mb: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self._stage, self._started = "", time.perf_counter()
        threading.Thread(target=self._follow, daemon=True).start()

    def enter(self, stage: str) -> None:
        """Count what follows under the name of a stage."""
        now = time.perf_counter()
        self.seconds[self._stage] = round(now - self._started, 1)
        self._stage, self._started = stage, now

    def _follow(self) -> None:
        while True:
            text = Path("/proc/self/status").read_text(encoding="ascii")
            kib = {name: int(value) for name, value in re.findall(r"(Rss\w+):\s+(\d+) kB", text)}
            own, file = kib["RssAnon"] + kib["RssShmem"], kib["RssFile"]
            stage = self._stage
            self.own_mb[stage] = max(self.own_mb.get(stage, 0), round(own * 1024 / 1e6))
            self.file_mb[stage] = max(self.file_mb.get(stage, 0), round(file * 1024 / 1e6))
            time.sleep(SAMPLE_S)


def segment(shape: tuple[int, int, int], *, objects: int, runtime: str) -> dict[str, object]:
    """Return what one volume took, stage by stage."""
    return_large_blocks()  # as the command line does
    sampler = Sampler()
    sampler.enter("load networks")
    propagation = AdvisingPropagation(load_method(METHOD, weights=WEIGHTS, device="cpu", runtime=runtime))
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as name:
        folder = Path(name)
        write_scan(folder / "scan.nii", shape, objects)
        sampler.enter("read")
        volume = read_volume(folder / "scan.nii")
        middle, truth = shape[2] // 2, cylinders(shape[0], objects)
        weights = WeightsFingerprint(click="", propagation="")
        sampler.enter("open session")
        with Session.create(
            folder / "session",
            volume,
            segmenter=NoClicks(),
            propagations={METHOD: propagation},
            weights=weights,
        ) as session:
            plane = Plane(axis=2, index=middle)
            for label in range(1, objects + 1):
                session.apply(AddObject(label=label, name=str(label)))
                session.apply(PaintMask.from_mask(truth == label, label=label, plane=plane))
            session.apply(AcceptSlice(axis=2, index=middle))
            sampler.enter("propagate")
            session.apply(Propagate(axis=2, method=METHOD))
            sampler.enter("advise and write")
            label_map = session.label_map()
            propagation.advice(
                label_map.labels, axis=2, annotated=session.annotated(2), geometry=volume.geometry
            )
            write_label_map(label_map, folder / "mask.nii.gz")
            agreeing = sum(
                int(np.count_nonzero((label_map.labels[:, :, k] > 0) == (truth > 0))) for k in range(shape[2])
            )
        sampler.enter("closed")
    return {
        "shape": shape,
        "objects": objects,
        "runtime": runtime,
        "own_mb": sampler.own_mb,
        "peak_own_mb": max(sampler.own_mb.values()),
        "file_pages_mb": max(sampler.file_mb.values()),
        "seconds": sampler.seconds,
        "agreeing_voxels": round(agreeing / np.prod(shape), 4),
    }


class NoClicks:
    """In place of a click network: the slice is painted."""

    def set_slice(self, image: object) -> None:
        """Take no note."""

    def predict(self, clicks: object, previous: object) -> None:
        """Say that this is not meant to happen."""
        raise AssertionError("the slice is painted, not clicked")


def main() -> None:
    """Measure each volume in a fresh process; print and write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, action="append", help="again for several; default 300")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--objects", type=int, default=5)
    parser.add_argument("--runtime", default=AUTO)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    slices = options.slices or [300]
    if options.one:
        torch.set_num_threads(options.threads)
        shape = (options.side, options.side, slices[0])
        print(json.dumps(segment(shape, objects=options.objects, runtime=options.runtime)))
        return
    rest = [f"--{name}={getattr(options, name)}" for name in ("side", "objects", "runtime", "threads")]
    lines = []
    for count in slices:
        command = [sys.executable, __file__, "--one", f"--slices={count}", *rest]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # ourselves
        lines.append(json.loads(done.stdout.splitlines()[-1]))
        print(json.dumps(lines[-1]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
