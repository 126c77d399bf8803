import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync, inflateSync } from "node:zlib";

import { decodeBlock, encodeMask, fromBase64, toBase64 } from "../src/wire.ts";

/** A block of 2 x 1 x 1 voxels at (5, 6, 7), written byte by byte. */
function block(flags: number, labels: number[], magic = "ISB1"): ArrayBuffer {
  const head = Buffer.alloc(36);
  head.write(magic, 0, "latin1");
  head.writeUInt32LE(9, 4);
  head.writeUInt8(flags, 8);
  [5, 6, 7, 7, 7, 8].forEach((value, at) => head.writeUInt32LE(value, 12 + 4 * at));
  const body = deflateSync(Buffer.from(Uint16Array.from(labels).buffer));
  return Uint8Array.from(Buffer.concat([head, body])).buffer;
}

test("a block is read as it is written down", async () => {
  const found = await decodeBlock(block(0, [1, 300]));
  assert.deepEqual([found.seq, found.isPreview, [...found.labels]], [9, false, [1, 300]]);
  assert.deepEqual(found.box, { start: [5, 6, 7], stop: [7, 7, 8] });
});

test("the flag tells previews", async () => {
  assert.equal((await decodeBlock(block(1, [1, 2]))).isPreview, true);
});

test("other bytes, and too few labels, are refused in words", async () => {
  await assert.rejects(decodeBlock(block(0, [1, 2], "JSON")), /starts with "JSON", expected "ISB1"/);
  await assert.rejects(decodeBlock(block(0, [1])), /holds 2 bytes, its box asks for 4/);
  await assert.rejects(decodeBlock(new ArrayBuffer(3)), /3 bytes, expected at least 36/);
});

test("masks are packed with the highest bit first", async () => {
  const mask = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 1, 1]);
  const bits = inflateSync(Buffer.from(await encodeMask(mask), "base64"));
  assert.deepEqual([...bits], [0b10000001, 0b10000000]);
});

test("base64 there and back", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at & 255);
  assert.deepEqual(new Uint8Array(fromBase64(toBase64(bytes))), bytes);
});
