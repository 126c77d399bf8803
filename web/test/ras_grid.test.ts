import assert from "node:assert/strict";
import test from "node:test";

import { boxToRas, fileAxisOf, fromRas, offsetOf, rasGrid, toRas } from "../src/ras_grid.ts";
import type { Voxel } from "../src/types.ts";

const SHAPE: Voxel = [2, 3, 4];

/** All 48 ways in which a grid can lie: permutations with flips. */
function orientations(): number[][] {
  const permutations = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
  return permutations.flatMap((axes) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((flips) => axes.map((axis, at) => (flips & (1 << at) ? -axis : axis))),
  );
}

test("a grid that runs to the right, front and head stays as it is", () => {
  const grid = rasGrid(SHAPE, [1, 2, 3]);
  assert.deepEqual(grid.rasShape, SHAPE);
  assert.deepEqual(toRas(grid, [1, 2, 3]), [1, 2, 3]);
  assert.equal(offsetOf(grid, [1, 2, 3]), 1 + 2 * 2 + 3 * 6);
});

test("a first axis that runs to the left is counted from the other end", () => {
  const grid = rasGrid(SHAPE, [-1, 2, 3]);
  assert.deepEqual(toRas(grid, [0, 1, 2]), [1, 1, 2]);
});

test("a file of sagittal slices: x is its last axis, y its first one", () => {
  const grid = rasGrid(SHAPE, [3, 1, -2]);
  assert.deepEqual(grid.rasShape, [4, 2, 3]);
  assert.deepEqual(toRas(grid, [1, 0, 3]), [3, 1, 2]);
  assert.equal(fileAxisOf(grid, 2), 1);
});

test("in all 48 orientations every voxel has a place of its own, and leads back", () => {
  for (const perm of orientations()) {
    const grid = rasGrid(SHAPE, perm);
    const places = new Set<number>();
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 4; k++) {
          const ras = toRas(grid, [i, j, k]);
          assert.deepEqual(fromRas(grid, ras), [i, j, k]);
          const [nx, ny] = grid.rasShape;
          assert.equal(offsetOf(grid, [i, j, k]), ras[0] + nx * (ras[1] + ny * ras[2]));
          places.add(offsetOf(grid, [i, j, k]));
        }
    assert.equal(places.size, 24);
  }
});

test("a box stays half-open when an axis is turned round", () => {
  const grid = rasGrid(SHAPE, [-1, 2, 3]);
  assert.deepEqual(boxToRas(grid, { start: [0, 0, 1], stop: [1, 3, 2] }), { start: [1, 0, 1], stop: [2, 3, 2] });
});
