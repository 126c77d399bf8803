import assert from "node:assert/strict";
import test from "node:test";

import { stampLine } from "../src/brush.ts";

const SHAPE = { height: 3, width: 5 };

test("a brush of radius 0 sets the pixels of the line", () => {
  const mask = new Uint8Array(15);
  assert.equal(stampLine(mask, SHAPE, { row: 1, col: 1 }, { row: 1, col: 3 }, 0, 1), 3);
  assert.deepEqual([...mask.subarray(5, 10)], [0, 1, 1, 1, 0]);
});

test("a brush of radius 1 is a cross, and stops at the edge", () => {
  const mask = new Uint8Array(15);
  stampLine(mask, SHAPE, { row: 0, col: 0 }, { row: 0, col: 0 }, 1, 1);
  assert.deepEqual([...mask], [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("the eraser counts only what it took", () => {
  const mask = new Uint8Array(15);
  mask[7] = 1;
  assert.equal(stampLine(mask, SHAPE, { row: 1, col: 2 }, { row: 1, col: 2 }, 1, 0), 1);
});
