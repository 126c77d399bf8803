import assert from "node:assert/strict";
import test from "node:test";

import { areInForce } from "../src/annotator.ts";
import { fileName } from "../src/api.ts";
import { retryDelay_ms } from "../src/events.ts";
import { age, fileSize, volume } from "../src/format.ts";

const CLICK = { label: 1, axis: 2, index: 3, row: 4, col: 5, is_positive: true } as const;

test("clicks that arrived although the answer was lost are not sent again", () => {
  assert.equal(areInForce([{ id: 1, ...CLICK }], [CLICK]), true);
  assert.equal(areInForce([{ id: 1, ...CLICK }, { id: 2, ...CLICK, row: 9 }], [CLICK]), false);
  assert.equal(areInForce([{ id: 1, ...CLICK, is_positive: false }], [CLICK]), false);
});

test("trials come less and less often, but at least every eight seconds", () => {
  assert.deepEqual([0, 1, 2, 20].map(retryDelay_ms), [400, 800, 1600, 8000]);
});

test("the file name of a download is the server's", () => {
  assert.equal(fileName('attachment; filename="scan_mask.nii.gz"'), "scan_mask.nii.gz");
  assert.equal(fileName("attachment; filename*=UTF-8''M%C3%BCller.nrrd"), "Müller.nrrd");
  assert.equal(fileName(null), null);
});

test("numbers and times are short", () => {
  assert.deepEqual([fileSize(999), fileSize(15_400_000), fileSize(320_000_000)], ["999 B", "15.4 MB", "320 MB"]);
  assert.deepEqual([volume(0), volume(0.01234), volume(3.25), volume(1234.5)], ["0 ml", "0.012 ml", "3.3 ml", "1235 ml"]);
  const now = new Date("2026-03-02T10:00:00Z");
  assert.equal(age("2026-03-02T09:15:00Z", now), "45 min ago");
  assert.equal(age("2026-02-20T09:15:00Z", now), "2026-02-20");
});
