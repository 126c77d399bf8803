import assert from "node:assert/strict";
import test from "node:test";

import { neighbourAnnotated, sliceMarks } from "../src/slice_marks.ts";
import type { Advice, PlacedClick } from "../src/types.ts";

const CLICK: PlacedClick = { label: 1, axis: 2, index: 1, row: 0, col: 0, is_positive: true };
const ADVICE: Advice = {
  axis: 2,
  next: [{ index: 4, reason: "", gain: 0.1 }, { index: 0, reason: "", gain: 0.05 }, { index: 2, reason: "", gain: 0.01 }],
  predicted_dice: {},
  stop: false,
};

test("accepted beats clicked beats propagated", () => {
  const session = { accepted: [{ axis: 2 as const, index: 2 }], clicks: [CLICK, { ...CLICK, index: 2 }], advice: null };
  const { marks } = sliceMarks(session, 2, Uint32Array.from([3, 3, 3, 0, 0]));
  assert.deepEqual(marks, ["propagated", "draft", "annotated", "empty", "empty"]);
});

test("slices across another axis do not count", () => {
  const session = { accepted: [{ axis: 0 as const, index: 0 }], clicks: [{ ...CLICK, axis: 1 as const }], advice: { ...ADVICE, axis: 0 as const } };
  const found = sliceMarks(session, 2, new Uint32Array(5));
  assert.deepEqual(found, { marks: ["empty", "empty", "empty", "empty", "empty"], suggested: null, uncertain: [] });
});

test("the best slice is suggested, the others are uncertain, accepted ones are neither", () => {
  const session = { accepted: [{ axis: 2 as const, index: 4 }], clicks: [], advice: ADVICE };
  const { suggested, uncertain } = sliceMarks(session, 2, new Uint32Array(5));
  assert.deepEqual([suggested, uncertain], [0, [2]]);
});

test("the next annotated slice in a direction", () => {
  assert.equal(neighbourAnnotated(["annotated", "propagated", "empty", "draft"], 1, 1), 3);
  assert.equal(neighbourAnnotated(["annotated", "propagated"], 1, -1), 0);
  assert.equal(neighbourAnnotated(["annotated", "propagated"], 0, -1), null);
});
