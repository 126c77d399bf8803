"""Driving the app as a person does: a server process, a synthetic scan, and tabs of Chromium."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import cv2
import nibabel as nib
import numpy as np

from isegformer.server.wire import decode_block

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "e2e_output"
TOKEN = "a-token-for-tests-only"
OTHER_TOKEN = "another-one-for-tests"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
)
PATIENCE_MS = 120_000
"""Two cores that draw and compute at the same time can be slow."""

SHAPE = (88, 72, 48)
CENTRE = np.array([30, 44, 24])
RADII = np.array([14, 10, 16])


def ellipsoid() -> np.ndarray:
    """Return the structure of the synthetic scan, bool (I, J, K)."""
    grid = np.stack(np.meshgrid(*(np.arange(length) for length in SHAPE), indexing="ij"), axis=-1)
    inside: np.ndarray = (((grid - CENTRE) / RADII) ** 2).sum(axis=-1) <= 1
    return inside


def write_scan(path: Path) -> None:
    """Write a bright ellipsoid on noise; its grid counts to the left and the back, as DICOM does."""
    rng = np.random.default_rng(5)
    voxels = np.where(ellipsoid(), 900, 200) + rng.normal(0, 25, SHAPE)
    nib.save(
        nib.Nifti1Image(voxels.astype(np.int16), np.diag([-1.0, -1.0, 2.5, 1.0])),
        path,
    )


@dataclass
class Server:
    """`isegformer serve` on a folder; can be killed and started again on the same port."""

    data_root: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def signed_in(self) -> str:
        """The address that a browser opens first."""
        return f"{self.address}/?token={TOKEN}"

    @property
    def signed_in_as_ben(self) -> str:
        """The same for the second user."""
        return f"{self.address}/?token={OTHER_TOKEN}"

    def start(self) -> None:
        users = self.data_root.with_name("users.json")
        users.write_text(json.dumps({"anna": TOKEN, "ben": OTHER_TOKEN}), encoding="utf-8")
        command = ["serve", str(self.data_root), "--port", str(self.port), "--users", str(users)]
        script = "from isegformer.cli.main import main; main()"
        log = self.data_root.with_name("server.log").open("ab")
        self.process = subprocess.Popen([sys.executable, "-c", script, *command], stdout=log, stderr=log)
        log.close()
        wait_until(self._answers, "the server to answer")

    def kill(self) -> None:
        """End the process as if the machine had failed."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        """Hold the process where it is, so that a slow page can act in the middle of its work."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def get(self, path: str) -> bytes:
        """Return the body of an answer of the API."""
        request = Request(f"{self.address}/api/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        with urlopen(request, timeout=60) as answer:
            body: bytes = answer.read()
        return body

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def post(self, path: str, body: Any) -> Any:
        """Return the answer of the API to a document."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = Request(f"{self.address}/api/{path}", data=json.dumps(body).encode(), headers=headers)
        with urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def scan_id(self) -> str:
        scans = self.json("scans")["scans"]
        return str(scans[0]["id"])

    def session(self) -> Any:
        """Return the session of the only scan."""
        return self.json(f"sessions/{self.scan_id()}")

    def labels(self) -> np.ndarray:
        """Return the label map of the session of the only scan."""
        return decode_block(self.get(f"sessions/{self.scan_id()}/labels"))[3]

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the server ended: see server.log"
        try:
            self.get("about")
        except (URLError, ConnectionError):
            return False
        return True


def wait_until(is_so: Callable[[], bool], what: str, *, patience_s: float = PATIENCE_MS / 1000) -> None:
    """Ask again and again; AssertionError if it never becomes so."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, f"waited {patience_s:.0f} s for {what}"
        time.sleep(0.1)


class AnnotationPage:
    """A tab with the app in it; errors of its scripts are kept and must be none at the end."""

    def __init__(
        self, browser: Any, *, width: int = 1280, height: int = 720, has_touch: bool = False
    ) -> None:
        size = {"width": width, "height": height}
        self.context = browser.new_context(viewport=size, has_touch=has_touch)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open_scan(self, address: str) -> None:
        """Open the start page and the first scan, in one large view."""
        self.page.goto(address)
        self.page.click(".scan-name >> nth=0")
        self.page.wait_for_selector(".slice-canvas")
        self.page.keyboard.press("3")
        self.page.wait_for_selector("[aria-label=Axial][aria-pressed=true]")
        self.quiet()

    def quiet(self) -> None:
        """Wait until nothing is on its way and the last frame has been drawn."""
        self.page.wait_for_selector(".saved[data-kind=saved]")
        self.frames(3)

    def frames(self, count: int) -> None:
        """Wait for some frames of the browser."""
        script = "n => new Promise(done => { const f = () => n-- ? requestAnimationFrame(f) : done(); f(); })"
        self.page.evaluate(script, count)

    def stage(self) -> tuple[dict[str, float], np.ndarray]:
        """Return where the views are, and what is seen there, uint8 (H, W, BGR)."""
        box = self.page.locator(".markers").bounding_box()
        picture = np.frombuffer(self.page.screenshot(clip=box), np.uint8)
        return box, cv2.imdecode(picture, cv2.IMREAD_COLOR)

    def painted_pixels(self) -> int:
        """Return how many pixels are as red as the first object's mask."""
        _, picture = self.stage()
        blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
        return int(np.count_nonzero(red - np.maximum(green, blue) > 35))

    def bright_spot(self) -> tuple[float, float]:
        """Return the middle of the largest bright thing in view, in pixels of the page."""
        box, picture = self.stage()
        is_bright = (picture.min(axis=2) > 170).astype(np.uint8)
        _, _, stats, centres = cv2.connectedComponentsWithStats(is_bright)
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        return box["x"] + centres[largest][0], box["y"] + centres[largest][1]

    def click(self, x: float, y: float, *, button: str = "left") -> None:
        """Click and wait for the answer."""
        self.page.mouse.click(x, y, button=button)
        self.quiet()

    def press(self, keys: str) -> None:
        """Press keys and wait for the answer."""
        self.page.keyboard.press(keys)
        self.quiet()

    def start_propagation(self, then: Callable[[], None]) -> None:
        """Propagate, and call `then` as soon as the server has begun, before the page hears of it.

        A propagation of this scan takes a second, which is less than a slow page needs for a frame.
        """

        def begun(route: Any) -> None:
            answer = route.fetch()
            then()
            route.fulfill(response=answer)

        self.page.route("**/propagation", begun)
        with self.page.expect_response(lambda answer: answer.url.endswith("/propagation")):
            self.page.keyboard.press("Control+Enter")
        self.page.unroute("**/propagation")

    def wait_for_notice(self, text: str) -> None:
        """Wait until the user is told something."""
        self.page.wait_for_selector(f".notice:has-text('{text}')")

    def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        OUTPUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUTPUT / f"{name}.png")

    def close(self) -> None:
        """Close the tab; AssertionError if one of its scripts failed."""
        self.context.close()
        assert not self.errors, self.errors


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser without a window, which draws in software."""
    from playwright import sync_api  # noqa: PLC0415  # not there in every environment

    with sync_api.sync_playwright() as library:
        browser = library.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
