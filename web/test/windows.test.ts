import assert from "node:assert/strict";
import test from "node:test";

import { draggedWindow, percentiles, sortedSample, WINDOW_PRESETS } from "../src/windows.ts";

test("percentiles are taken from rising values", () => {
  assert.deepEqual(percentiles(Float32Array.from([0, 10, 20, 30, 40]), 0.25, 0.75), { low: 10, high: 30 });
});

test("an image with one value has a window all the same", () => {
  assert.deepEqual(percentiles(Float32Array.from([7, 7]), 0, 1), { low: 7, high: 8 });
});

test("a sample holds real intensities and rises", () => {
  assert.deepEqual([...sortedSample([3, 1, 2], 2, -1)], [1, 3, 5]);
});

test("a large volume is sampled at even steps", () => {
  assert.deepEqual([...sortedSample([0, 1, 2, 3, 4, 5, 6], 1, 0, 3)], [0, 2, 4, 6]);
});

test("the bone window runs from -500 to 1500 HU", () => {
  const bone = WINDOW_PRESETS.find(({ name }) => name === "CT bone");
  assert.deepEqual(bone?.window(new Float32Array()), { low: -500, high: 1500 });
});

test("dragging down darkens, dragging right widens, and back is back", () => {
  assert.deepEqual(draggedWindow({ low: 0, high: 100 }, 0, 400), { low: 100, high: 200 });
  assert.ok(draggedWindow({ low: 0, high: 100 }, 100, 0).high > 100);
  assert.deepEqual(draggedWindow({ low: 0, high: 100 }, 0, 0), { low: 0, high: 100 });
});
