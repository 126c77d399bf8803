import assert from "node:assert/strict";
import test from "node:test";

import { boxBetween, pixelToVoxel, sliceBox, sliceShape, voxelToPixel, widestAxis } from "../src/slices.ts";
import type { Axis } from "../src/types.ts";

test("rows run along the lower of the two other axes", () => {
  assert.deepEqual(voxelToPixel([1, 2, 3], 0), { index: 1, row: 2, col: 3 });
  assert.deepEqual(voxelToPixel([1, 2, 3], 1), { index: 2, row: 1, col: 3 });
  assert.deepEqual(voxelToPixel([1, 2, 3], 2), { index: 3, row: 1, col: 2 });
});

test("a pixel leads back to its voxel across every axis", () => {
  for (const axis of [0, 1, 2] as Axis[]) assert.deepEqual(pixelToVoxel(voxelToPixel([4, 5, 6], axis), axis), [4, 5, 6]);
});

test("a slice is as high as its row axis is long", () => {
  assert.deepEqual(sliceShape([4, 5, 6], 1), { height: 4, width: 6 });
});

test("the block of a slice is one voxel thick", () => {
  assert.deepEqual(sliceBox([4, 5, 6], 1, 2), { start: [0, 2, 0], stop: [4, 3, 6] });
});

test("people work across the axis with the widest steps, the last one of equals", () => {
  assert.equal(widestAxis([3, 1, 1]), 0);
  assert.equal(widestAxis([1, 1, 1]), 2);
  assert.equal(widestAxis([1, 1.0001, 1]), 2);
});

test("a box holds both of its corners, whichever way it was drawn", () => {
  const box = { row_start: 2, row_stop: 6, col_start: 1, col_stop: 4 };
  assert.deepEqual(boxBetween({ row: 2, col: 3 }, { row: 5, col: 1 }), box);
  assert.deepEqual(boxBetween({ row: 5, col: 1 }, { row: 2, col: 3 }), box);
  assert.equal(boxBetween({ row: 2, col: 3 }, { row: 2, col: 1 }), null);
});
