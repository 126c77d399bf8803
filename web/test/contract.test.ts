/** The same values as in Python: tests/web/test_app.py writes them, and names the file in ISEGFORMER_CONTRACT. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { LabelBitmap } from "../src/label_bitmap.ts";
import { rasGrid } from "../src/ras_grid.ts";
import { sliceShape, voxelToPixel } from "../src/slices.ts";
import type { Axis, Voxel } from "../src/types.ts";
import { decodeBlock, encodeMask, fromBase64 } from "../src/wire.ts";

interface Contract {
  readonly positions: { voxel: Voxel; axis: Axis; index: number; row: number; col: number }[];
  readonly shapes: { shape: Voxel; axis: Axis; height: number; width: number }[];
  readonly mask: { bits: number[]; packed: string };
  readonly block: { data: string; shape: Voxel; axis: Axis; index: number; label: number; mask: number[] };
}

const path = process.env["ISEGFORMER_CONTRACT"];
const options = path === undefined ? { skip: "ISEGFORMER_CONTRACT names no file: run by tests/web" } : {};
const contract = (): Contract => JSON.parse(readFileSync(path as string, "utf-8")) as Contract;

test("voxels lie on slices where Python says", options, () => {
  for (const { voxel, axis, ...place } of contract().positions) assert.deepEqual(voxelToPixel(voxel, axis), place);
});

test("slices have the shape that Python says", options, () => {
  for (const { shape, axis, ...size } of contract().shapes) assert.deepEqual(sliceShape(shape, axis), size);
});

test("a mask unpacks in Python to what was packed here", options, async () => {
  const { bits, packed } = contract().mask;
  const { inflateSync } = await import("node:zlib");
  const inflated = (text: string): number[] => [...inflateSync(Buffer.from(text, "base64"))];
  assert.deepEqual(inflated(await encodeMask(Uint8Array.from(bits))), inflated(packed));
});

test("a block that Python wrote gives the slice that Python cut", options, async () => {
  const { data, shape, axis, index, label, mask } = contract().block;
  const bitmap = new LabelBitmap(rasGrid(shape, [-1, 2, 3]));
  bitmap.apply(await decodeBlock(fromBase64(data)));
  assert.deepEqual([...bitmap.sliceMask(label, axis, index)], mask);
});
