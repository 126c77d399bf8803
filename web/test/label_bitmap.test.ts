import assert from "node:assert/strict";
import test from "node:test";

import { LabelBitmap } from "../src/label_bitmap.ts";
import { rasGrid } from "../src/ras_grid.ts";
import type { Box } from "../src/types.ts";

function bitmap(): LabelBitmap {
  return new LabelBitmap(rasGrid([2, 3, 2], [1, 2, 3]));
}

function block(box: Box, labels: number[]): { seq: number; isPreview: boolean; box: Box; labels: Uint16Array } {
  return { seq: 1, isPreview: false, box, labels: Uint16Array.from(labels) };
}

test("the first axis of the file runs fastest in a block", () => {
  const map = bitmap();
  map.apply(block({ start: [0, 1, 0], stop: [2, 3, 1] }, [0, 7, 7, 0]));
  assert.deepEqual([...map.data.subarray(0, 6)], [0, 0, 0, 1, 1, 0]);
});

test("slots are handed out as labels appear, and label values may be large", () => {
  const map = bitmap();
  map.apply(block({ start: [0, 0, 0], stop: [2, 1, 1] }, [65535, 300]));
  assert.deepEqual([map.slotOf(65535), map.slotOf(300), map.slotOf(0)], [1, 2, 0]);
});

test("slices count their voxels along every axis, up and down", () => {
  const map = bitmap();
  map.apply(block({ start: [0, 0, 0], stop: [2, 2, 1] }, [1, 1, 0, 1]));
  assert.deepEqual([...map.filled[1]], [2, 1, 0]);
  map.apply(block({ start: [0, 0, 0], stop: [2, 1, 1] }, [0, 2]));
  assert.deepEqual([...map.filled[0]], [0, 2]);
  assert.deepEqual([...map.filled[2]], [2, 0]);
});

test("the mask of a slice is read row by row", () => {
  const map = bitmap();
  map.apply(block({ start: [0, 0, 0], stop: [2, 3, 1] }, [0, 0, 0, 5, 5, 0]));
  assert.deepEqual([...map.sliceMask(5, 2, 0)], [0, 0, 1, 0, 1, 0]);
});

test("painting takes what is free and what may be taken, and gives up the rest", () => {
  const map = bitmap();
  map.apply(block({ start: [0, 0, 0], stop: [2, 2, 1] }, [1, 2, 3, 1]));
  const wanted = Uint8Array.from([0, 1, 1, 1, 1, 0]);
  map.paint(1, 2, 0, wanted, (label) => label === 2);
  assert.deepEqual([...map.sliceMask(1, 2, 0)], [0, 0, 1, 1, 1, 0]);
  assert.deepEqual([...map.sliceMask(3, 2, 0)], [0, 1, 0, 0, 0, 0]);
  assert.deepEqual([...map.filled[1]], [1, 2, 1]);
});

/** One voxel for each of 300 objects, in a row: the first and the 256th share a slot. */
function crowd(): LabelBitmap {
  const map = new LabelBitmap(rasGrid([300, 1, 1], [1, 2, 3]));
  map.apply(block({ start: [0, 0, 0], stop: [300, 1, 1] }, Array.from({ length: 300 }, (_, at) => at + 1)));
  assert.equal(map.slotOf(1), map.slotOf(256));
  return map;
}

test("objects that share a colour keep their own voxels", () => {
  const map = crowd();
  const voxels = (label: number): number[] => [...map.sliceMask(label, 2, 0).entries()].flatMap(([at, value]) => (value ? [at] : []));
  assert.deepEqual([voxels(1), voxels(256)], [[0], [255]]);

  map.paint(1, 2, 0, Uint8Array.from({ length: 300 }, (_, at) => (at < 2 ? 1 : 0)), (label) => label !== 2);
  assert.deepEqual([voxels(1), voxels(2), voxels(256)], [[0], [1], [255]]);
  map.paint(1, 2, 0, new Uint8Array(300), () => true);
  assert.deepEqual([voxels(1), voxels(256), map.filled[2][0]], [[], [255], 299]);
});

test("a voxel that passes to an object of the same colour passes", () => {
  const map = crowd();
  map.apply(block({ start: [0, 0, 0], stop: [1, 1, 1] }, [256]));
  assert.equal(map.sliceMask(1, 2, 0)[0], 0);
  assert.equal(map.sliceMask(256, 2, 0)[0], 1);
});
