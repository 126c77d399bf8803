"""Make docs/images/app.png anew (`make picture`): the cerebellum of the sample brain, from a few clicks.

Needs Chromium, the built app and the extra `demo`; look at the picture before it is committed.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from driving import ROOT, AnnotationPage, Server, chromium, free_port, wait_until

PICTURE = ROOT / "docs" / "images" / "app.png"
SIZE = (1280, 800)

AXIS = 2
CLICKS = {
    10: [(36, 30, True), (62, 30, True)],
    20: [(34, 34, True), (63, 34, True), (49, 54, False), (49, 44, False)],
    28: [(36, 34, True), (61, 34, True), (49, 56, False), (24, 58, False)],
    36: [],
}
"""For each slice across k: (i, j) and whether it adds; the last one is above the cerebellum."""


def annotate(server: Server, scan: str) -> None:
    """Click, accept and propagate."""
    server.post("sessions", {"scan": scan})
    session = f"sessions/{scan}"
    add = {"type": "AddObject", "label": 1, "name": "Cerebellum", "colour": None}
    server.post(f"{session}/commands", add)
    for index, clicks in CLICKS.items():
        points = [{"row": row, "col": col, "is_positive": adds} for row, col, adds in clicks]
        for point in points:
            where = {"label": 1, "axis": AXIS, "index": index}
            server.post(f"{session}/clicks", {**where, "clicks": [point]})
        server.post(f"{session}/commands", {"type": "AcceptSlice", "axis": AXIS, "index": index})
    server.post(f"{session}/propagation", {"axis": AXIS})
    wait_until(lambda: server.json(session)["job"] is None, "the end of the propagation")


def photograph(server: Server, scan: str) -> np.ndarray:
    """Return what the app shows of the session, uint8 (H, W, BGR)."""
    with chromium() as browser:
        tab = AnnotationPage(browser, width=SIZE[0], height=SIZE[1])
        tab.page.goto(server.signed_in)
        tab.page.goto(f"{server.address}/#scan/{scan}")
        tab.page.wait_for_selector(".slice-canvas")
        tab.quiet()
        tab.press("j")  # from the last click to the slice before
        tab.page.wait_for_timeout(4000)  # the 3-D view is drawn when things are quiet
        picture = np.frombuffer(tab.page.screenshot(), np.uint8)
        tab.close()
    return cv2.imdecode(picture, cv2.IMREAD_COLOR)


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory() as folder:
        data_root = Path(folder) / "data"
        data_root.mkdir()
        server = Server(data_root=data_root, port=free_port())
        server.start()
        scan = server.post("scans/sample", {})["id"]
        annotate(server, scan)
        picture = photograph(server, scan)
        server.stop()
    cv2.imwrite(str(PICTURE), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
