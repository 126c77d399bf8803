import assert from "node:assert/strict";
import test from "node:test";

import { lineThrough, placedViews, pointOf, rasAt, sides, wholeVoxel, type SliceTile } from "../src/tiles.ts";

/** A view 100 wide and 50 high that shows a volume of 10 x 5 x 3 voxels, mirrored as radiologists like it. */
const TILE: SliceTile = {
  view: "axial",
  rect: { left: 20, top: 10, width: 100, height: 50 },
  right: lineThrough(20, 1, 120, 0),
  up: lineThrough(10, 1, 60, 0),
};
const SHAPE = [10, 5, 3] as const;

test("the top left of a mirrored axial view is the last voxel to the right and the front", () => {
  assert.deepEqual(wholeVoxel(rasAt(TILE, SHAPE, [0, 0, 2], 21, 11), SHAPE), [9, 4, 2]);
});

test("the middle of a voxel leads back to the voxel", () => {
  const { x, y } = pointOf(TILE, SHAPE, [3, 1, 2]);
  assert.ok(Math.abs(x - 85) < 1e-9 && Math.abs(y - 45) < 1e-9);
  const [right, up] = rasAt(TILE, SHAPE, [0, 0, 2], x, y);
  assert.ok(Math.abs(right - 3) < 1e-9 && Math.abs(up - 1) < 1e-9);
});

test("points beside the volume are no voxel", () => {
  assert.equal(wholeVoxel(rasAt(TILE, SHAPE, [0, 0, 0], 125, 30), SHAPE), null);
});

test("the view that is worked in gets most room, and all four fill the canvas", () => {
  const views = placedViews("main", "coronal");
  assert.equal(views[0]?.view, "coronal");
  const area = views.reduce((sum, { share }) => sum + share[2] * share[3], 0);
  assert.ok(Math.abs(area - 1) < 1e-9);
});

test("the patient's right is on the left for radiologists, sagittal views look from the side", () => {
  assert.equal(sides("axial", true).left, "R");
  assert.equal(sides("coronal", false).left, "L");
  assert.equal(sides("sagittal", true).left, "P");
});
