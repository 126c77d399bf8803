import assert from "node:assert/strict";
import test from "node:test";

import { spacingOf } from "../src/format.ts";

test("distances are read as people write them", () => {
  assert.deepEqual(spacingOf(["0.5", " 0,75 ", "2"]), [0.5, 0.75, 2]);
  assert.deepEqual(spacingOf(["1e-3", "1", "1"]), [0.001, 1, 1]);
});

test("what is no distance is none", () => {
  for (const texts of [["", "1", "1"], ["0", "1", "1"], ["-1", "1", "1"], ["a", "1", "1"], ["Infinity", "1", "1"], ["1", "1"], ["1", "1", "1", "1"], ["1,5,2", "1", "1"]])
    assert.equal(spacingOf(texts), null, String(texts));
});
