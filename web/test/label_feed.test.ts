import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { LabelBitmap } from "../src/label_bitmap.ts";
import { LabelFeed } from "../src/label_feed.ts";
import { rasGrid } from "../src/ras_grid.ts";

/** A block of the voxels from `start` to `start` + labels of a row of four. */
function block(seq: number, start: number, labels: number[], isPreview = false): ArrayBuffer {
  const head = Buffer.alloc(36);
  head.write("ISB1", 0, "latin1");
  head.writeUInt32LE(seq, 4);
  head.writeUInt8(isPreview ? 1 : 0, 8);
  [start, 0, 0, start + labels.length, 1, 1].forEach((value, at) => head.writeUInt32LE(value, 12 + 4 * at));
  return Uint8Array.from(Buffer.concat([head, deflateSync(Buffer.from(Uint16Array.from(labels).buffer))])).buffer;
}

/** A feed whose server has `whole` as its labels, and how often those were asked for. */
function made(whole: () => ArrayBuffer): { feed: LabelFeed; row: () => number[]; asked: () => number; errors: unknown[] } {
  const bitmap = new LabelBitmap(rasGrid([4, 1, 1], [1, 2, 3]));
  const errors: unknown[] = [];
  let count = 0;
  const load = (): Promise<ArrayBuffer> => {
    count++;
    return Promise.resolve(whole());
  };
  const feed = new LabelFeed(bitmap, { load, onChanged: () => undefined, onError: (error) => errors.push(error) });
  return { feed, row: () => [...bitmap.data], asked: () => count, errors };
}

test("a block that comes as an answer and as an event is applied once", async () => {
  const { feed, row, asked } = made(() => block(9, 0, [1, 1, 1, 1]));
  void feed.take(block(1, 0, [1, 1]));
  void feed.take(block(2, 0, [0]));
  void feed.take(block(1, 0, [1, 1]));
  await feed.take(block(3, 3, [1]));
  assert.deepEqual([row(), asked()], [[0, 1, 0, 1], 0]);
});

test("a block that was overtaken makes the feed ask for all labels", async () => {
  const { feed, row, asked } = made(() => block(5, 0, [1, 0, 1, 0]));
  void feed.take(block(5, 0, [1]));
  void feed.take(block(4, 0, [0, 1]));
  await feed.reload();
  assert.deepEqual([row(), asked()], [[1, 0, 1, 0], 2]);
});

test("previews are shown, and gone when all labels come", async () => {
  const { feed, row } = made(() => block(1, 0, [1, 0, 0, 0]));
  void feed.take(block(1, 1, [1, 1], true));
  await feed.reload();
  assert.deepEqual(row(), [1, 0, 0, 0]);
});

test("a broken block is told and stops nothing", async () => {
  const { feed, row, errors } = made(() => block(1, 0, [0, 0, 0, 0]));
  void feed.take(new ArrayBuffer(3));
  await feed.take(block(2, 0, [1]));
  assert.deepEqual([errors.length, row()], [1, [1, 0, 0, 0]]);
});
