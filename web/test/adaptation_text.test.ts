import assert from "node:assert/strict";
import test from "node:test";

import { endText, gainText, resultText, runShare, runText } from "../src/adaptation_text.ts";
import type { AdaptationRun } from "../src/types.ts";

const RUN: AdaptationRun = { state: "learning", user: "eva", cases: 2, minutes: 20, seconds: 60, seconds_left: 180, before: 8, best: 6 };

test("a gain is told in clicks and as a share", () => {
  assert.equal(gainText(8, 6), "8.0 clicks before, 6.0 after: 25 % fewer");
  assert.equal(gainText(8, 10), "8.0 clicks before, 10.0 after: 25 % more");
  assert.equal(gainText(8, 8), "8.0 clicks before, 8.0 after: as many");
});

test("a run tells what it does, what it has gained, and how long it takes at most", () => {
  assert.equal(runText({ ...RUN, state: "preparing" }), "Collecting the accepted slices of 2 scans …");
  assert.equal(runText({ ...RUN, before: null, best: null }), "Measuring the present network …");
  assert.equal(runText(RUN), "8.0 clicks before, 6.0 after: 25 % fewer so far · at most 3 min left");
  assert.equal(runText({ ...RUN, seconds_left: 0 }), "8.0 clicks before, 6.0 after: 25 % fewer so far");
  assert.equal(runText({ ...RUN, state: "cancelling" }), "Cancelling …");
});

test("progress is time passed over all time, where that is known", () => {
  assert.equal(runShare(RUN), 0.25);
  assert.equal(runShare({ ...RUN, seconds_left: null }), null);
  assert.equal(runShare({ ...RUN, state: "preparing" }), null);
});

test("the end says what it means for the user", () => {
  assert.match(endText({ state: "no better", detail: null, before: 8, after: 8 }), /all stays as it is/);
  assert.equal(endText({ state: "failed", detail: "too few slices", before: null, after: null }), "This did not work: too few slices");
});

test("a result tells who made it of what", () => {
  const text = resultText({ measure: "m", before: 8, after: 6, cases: ["a"], user: "eva", made_utc: "2026-11-24T10:00:00Z", is_in_use: false });
  assert.equal(text, "8.0 clicks before, 6.0 after: 25 % fewer. From 1 scan, by eva, 2026-11-24.");
});
