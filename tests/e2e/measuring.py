"""How long people wait for the app: from a click to its painted mask, and from one slice to the next.

Shared by the tests, whose limits only catch what is broken, and by `benchmarks/app.py`, which prints numbers.
"""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from driving import AnnotationPage

CLICK_CLOCK = """
const upload = WebGL2RenderingContext.prototype.texSubImage3D;
WebGL2RenderingContext.prototype.texSubImage3D = function (...parameters) {
  const result = upload.apply(this, parameters);
  if (window.released !== undefined && window.uploaded === undefined) {
    window.uploaded = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
  }
  return result;
};
addEventListener('pointerup', (event) => {
  performance.clearResourceTimings();
  window.released = event.timeStamp;
  window.uploaded = window.painted = undefined;
}, true);
"""
"""Notes when a button was let go, when masks changed after that, and when the second frame after it began."""

READ_CLICK = """() => {
  const asked = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/clicks'));
  const { released, uploaded, painted } = window;
  const server = asked.responseEnd - asked.requestStart;
  return { total: painted - released, server, drawing: painted - uploaded };
}"""

SCROLL_CLOCK = """
let spent = 0;
const timed = (run) => (...parameters) => {
  const start = performance.now();
  try {
    return run(...parameters);
  } finally {
    spent += performance.now() - start;
  }
};
const { requestAnimationFrame: nextFrame, queueMicrotask: soon } = window;
window.requestAnimationFrame = (run) => nextFrame(timed(run));
window.queueMicrotask = (run) => soon(timed(run));
window.scrollSlices = async (count) => {
  const frame = () => new Promise((done) => nextFrame(done));
  const target = document.querySelector('.markers');
  const steps = [];
  let last = await frame();
  for (let step = 0; step < count; step++) {
    spent = 0;
    const key = step < count / 2 ? 'ArrowUp' : 'ArrowDown';
    timed(() => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })))();
    const now = await frame();
    await new Promise((done) => setTimeout(done)); // behind the callbacks of this frame
    steps.push({ frame: now - last, script: spent });
    last = now;
  }
  return steps;
};
"""
"""Changes the slice once a frame, and notes for each how long scripts ran: keys, listeners, NiiVue, marks."""


def write_large_slices(path: Path) -> None:
    """Write a bright disk on noise, 384 x 384 pixels a slice."""
    grid = np.stack(np.meshgrid(np.arange(384), np.arange(384), indexing="ij"), axis=-1)
    disk = ((grid - [190, 170]) ** 2).sum(axis=-1) < 70**2
    noise = np.random.default_rng(2).normal(0, 25, (384, 384, 12))
    voxels = np.where(disk, 900, 200)[..., None] + noise
    nib.save(nib.Nifti1Image(voxels.astype(np.int16), np.diag([1.0, 1.0, 3.0, 1.0])), path)


def time_clicks(tab: AnnotationPage, count: int) -> list[dict[str, float]]:
    """Return what each click took in ms; the tab has CLICK_CLOCK and shows `write_large_slices`.

    Each is undone before the next one, so that all of them change the mask. The first click, which makes the
    object too, is left out.
    """
    x, y = tab.bright_spot()
    taken = []
    for step in range(count + 1):
        tab.page.mouse.click(x + 9 * (step % 7) - 27, y + 5 * (step % 11) - 25)
        tab.page.wait_for_function("() => window.painted !== undefined")
        taken.append(tab.page.evaluate(READ_CLICK))
        tab.quiet()
        tab.press("Control+z")
    return taken[1:]


def time_slices(tab: AnnotationPage, count: int) -> list[dict[str, float]]:
    """Return how long each frame took while slices were scrolled, and scripts in it, in ms."""
    steps: list[dict[str, float]] = tab.page.evaluate("(count) => window.scrollSlices(count)", count)
    return steps


def summary(values: list[float]) -> dict[str, Any]:
    """Return median, 95th percentile and greatest value."""
    return {
        "median": round(float(np.median(values)), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "most": round(max(values), 1),
    }
