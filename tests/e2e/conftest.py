"""Fixtures: a running server, a browser and its tabs; tests are skipped in words where one is missing."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for driving, which benchmarks import too

from driving import (  # needs the line above
    CHROMIUM,
    AnnotationPage,
    Server,
    chromium,
    ellipsoid,
    free_port,
    write_scan,
)

from isegformer.server.app import STATIC


def _missing() -> str | None:
    if CHROMIUM is None:
        return "Chromium is not installed (Debian: apt-get install chromium)"
    if not (STATIC / "index.html").is_file():
        return "the browser app is not built: run `make web`"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder slow, and skip them where they cannot run."""
    reason = _missing()
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server with one scan and no session yet."""
    data_root = tmp_path / "data"
    data_root.mkdir()
    write_scan(data_root / "ellipsoid.nii.gz")
    server = Server(data_root=data_root, port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(
    scope="module"
)  # Playwright runs an event loop meanwhile, which tests elsewhere must not find
def browser() -> Iterator[Any]:
    """Chromium without a window, drawing in software."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with chromium() as launched:
        yield launched


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., AnnotationPage]]:
    """A function that opens a tab of a browser that knows nothing yet; all are closed at the end."""
    tabs: list[AnnotationPage] = []

    def open_one(**options: Any) -> AnnotationPage:
        tabs.append(AnnotationPage(browser, **options))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.close()


@pytest.fixture
def structure() -> np.ndarray:
    """The ellipsoid of the synthetic scan, bool (I, J, K)."""
    return ellipsoid()
