"""Measure the annotation server as people use it: several clicking at once, and its memory with a large scan.

    python benchmarks/server.py --users 8 --clicks 10 --json server.json

Starts `isegformer serve` on synthetic scans in a temporary folder. Every person clicks on a scan of their
own, one click after the other without a pause, which is harder than people are. The server's memory is
followed from outside (Linux only): what is its own, anonymous or shared memory, and everything, with the
pages of files that the system takes back when it needs them.
"""

import argparse
import json
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import nibabel as nib
import numpy as np

CLICKED = (384, 384, 8)
LARGE = (512, 512, 300)


def write_scan(path: Path, shape: tuple[int, ...]) -> None:
    """Write a bright ball on noise."""
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 200, shape).astype(np.int16)
    i, j = np.indices(shape[:2])
    voxels[(i - shape[0] // 2) ** 2 + (j - shape[1] // 2) ** 2 < (shape[0] // 6) ** 2] += 800
    nib.save(nib.Nifti1Image(voxels, np.diag([0.7, 0.7, 1.5, 1.0])), path)


class Person:
    """Somebody with a token who works on one scan."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token
        self.seconds: list[float] = []

    def ask(self, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(f"{self._address}/api/{path}", data=data, headers=headers)  # noqa: S310  # our server
        with urlopen(request, timeout=600) as answer:  # noqa: S310
            body_bytes: bytes = answer.read()
        return body_bytes

    def open(self, name: str) -> str:
        scans = json.loads(self.ask("scans"))["scans"]
        scan = next(one["id"] for one in scans if one["name"] == name)
        self.ask("sessions", {"scan": scan})
        self.ask(f"sessions/{scan}/commands", {"type": "AddObject", "label": 1, "name": "x", "colour": None})
        return str(scan)

    def click(self, scan: str, n_clicks: int, *, shape: tuple[int, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(n_clicks):
            row, col = (int(shape[axis] // 2 + rng.integers(-60, 60)) for axis in (0, 1))
            one = {"row": row, "col": col, "is_positive": bool(rng.integers(2))}
            body = {"label": 1, "axis": 2, "index": int(rng.integers(shape[2])), "clicks": [one]}
            started = time.perf_counter()
            self.ask(f"sessions/{scan}/clicks", body)
            self.seconds.append(time.perf_counter() - started)

    def propagate(self, scan: str, *, index: int) -> float:
        """Click in the middle of a slice, accept it, propagate to all others; returns seconds."""
        middle = {"row": LARGE[0] // 2, "col": LARGE[1] // 2, "is_positive": True}
        self.ask(f"sessions/{scan}/clicks", {"label": 1, "axis": 2, "index": index, "clicks": [middle]})
        self.ask(f"sessions/{scan}/commands", {"type": "AcceptSlice", "axis": 2, "index": index})
        started = time.perf_counter()
        self.ask(f"sessions/{scan}/propagation", {"axis": 2})
        while json.loads(self.ask(f"sessions/{scan}"))["job"] is not None:
            time.sleep(0.5)
        return time.perf_counter() - started


class Memory:
    """Follows the memory of a process."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._own = 0
        threading.Thread(target=self._follow, daemon=True).start()

    def peaks(self) -> dict[str, int]:
        """Return the largest memory that the process had until now, in bytes."""
        return {"own": self._own, "all": self._bytes("VmHWM")}

    def _follow(self) -> None:
        while self._status.exists():
            self._own = max(self._own, self._bytes("RssAnon", "RssShmem"))
            time.sleep(0.02)

    def _bytes(self, *names: str) -> int:
        status = self._status.read_text(encoding="ascii")
        found = dict(re.findall(r"(\w+):\s+(\d+) kB", status))
        return 1024 * sum(int(found.get(name, 0)) for name in names)


def measure(root: Path, *, n_users: int, n_clicks: int) -> dict[str, Any]:
    """Return what was measured on a server that is started for this."""
    names = [f"user{number}" for number in range(n_users)]
    write_scan(root / "large.nii.gz", LARGE)
    for name in names:
        write_scan(root / f"{name}.nii.gz", CLICKED)
    with serving(root, names) as (people, pid):
        memory = Memory(pid)
        scans = [person.open(f"{name}.nii.gz") for person, name in zip(people, names, strict=True)]
        return {
            "clicks": _clicked(people, scans, n_clicks=n_clicks),
            "large": _opened(people[0], memory),
        }


@contextmanager
def serving(root: Path, names: list[str]) -> Iterator[tuple[list[Person], int]]:
    """Start a server on a folder of scans; gives people of these names, and its process."""
    tokens = {name: secrets.token_urlsafe(24) for name in names}
    users = root.with_name("users.json")
    users.write_text(json.dumps(tokens), encoding="utf-8")
    command = ["serve", str(root), "--port", "0", "--users", str(users)]
    script = "from isegformer.cli.main import main; main()"
    server = subprocess.Popen([sys.executable, "-c", script, *command], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert server.stdout is not None
        address = re.search(r"http://[^;\s]+", server.stdout.readline())
        assert address is not None
        yield [Person(address.group(), token) for token in tokens.values()], server.pid
    finally:
        server.terminate()
        server.wait(60)


def _clicked(people: list[Person], scans: list[str], *, n_clicks: int) -> dict[str, Any]:
    threads = [
        threading.Thread(
            target=person.click, args=(scan, n_clicks), kwargs={"shape": CLICKED, "seed": number}
        )
        for number, (person, scan) in enumerate(zip(people, scans, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = np.array([person.seconds for person in people])
    own = [[entry["user"] for entry in json.loads(person.ask(f"sessions/{scan}/history"))["entries"]]
           for person, scan in zip(people, scans, strict=True)]  # fmt: skip
    return {
        "users": len(people),
        "clicks": int(seconds.size),
        "median_s": round(float(np.median(seconds)), 3),
        "p95_s": round(float(np.percentile(seconds, 95)), 3),
        "slowest_s": round(float(seconds.max()), 3),
        "median_of_each_user_s": [round(float(value), 3) for value in np.median(seconds, axis=1)],
        "others_in_a_history": sum(len(set(names)) != 1 for names in own),
    }


def _opened(person: Person, memory: Memory) -> dict[str, Any]:
    before = memory.peaks()
    scan = person.open("large.nii.gz")
    person.ask(f"scans/{scan}/volume.nii.gz")
    person.click(scan, 3, shape=LARGE, seed=0)
    person.ask(f"sessions/{scan}/labels")
    opened = memory.peaks()
    seconds = person.propagate(scan, index=LARGE[2] // 2)
    return {
        "shape": LARGE,
        "peak_bytes_before": before,
        "peak_bytes": opened,
        "peak_bytes_with_propagation": memory.peaks(),
        "propagation_s": round(seconds, 1),
    }


def main() -> None:
    """Measure, and print or write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--clicks", type=int, default=10, help="of each user")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        root.mkdir()
        measured = measure(root, n_users=options.users, n_clicks=options.clicks)
    text = json.dumps(measured, indent=2)
    print(text)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
