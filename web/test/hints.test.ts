import assert from "node:assert/strict";
import test from "node:test";

import { hintFor, type Lesson } from "../src/hints.ts";
import { editingObstacle, freeLabel, nextActive, type SessionState } from "../src/state.ts";

const OBJECT = { label: 1, name: "Cyst", colour: "#ff0000", is_locked: false, is_visible: true, voxels: 0, volume_ml: 0 };
const CLICK = { label: 1, axis: 2, index: 5, row: 0, col: 0, is_positive: true } as const;

/** What hints and obstacles look at; the rest of the state does not matter here. */
function state(session: object = {}, page: object = {}): SessionState {
  const empty = { objects: [OBJECT], accepted: [], clicks: [], advice: null, ...session };
  const start = { connection: "online", job: null, pending: [], axis: 2, voxel: [0, 0, 5], tool: "click", activeLabel: 1 };
  return { ...start, ...page, session: empty } as unknown as SessionState;
}

test("lessons follow one another as the work goes on", () => {
  const lesson = (session: object): Lesson | undefined => hintFor(state(session), new Set())?.lesson;
  assert.equal(lesson({}), "click");
  assert.equal(lesson({ clicks: [CLICK] }), "correct");
  assert.equal(lesson({ clicks: [CLICK, CLICK] }), "accept");
  assert.equal(lesson({ clicks: [CLICK, CLICK], accepted: [{ axis: 2, index: 5 }] }), "propagate");
});

test("what was learnt is not said again, and nothing is said while work is under way", () => {
  assert.equal(hintFor(state(), new Set<Lesson>(["click"])), null);
  assert.equal(hintFor(state({}, { job: {} }), new Set()), null);
  assert.equal(hintFor(state({}, { layout: "render" }), new Set()), null);
});

test("an accepted slice, a locked object and a propagation stand in the way", () => {
  assert.equal(editingObstacle(state()), null);
  assert.match(editingObstacle(state({ accepted: [{ axis: 2, index: 5 }] })) ?? "", /Shift\+Enter to reopen/);
  assert.match(editingObstacle(state({ objects: [{ ...OBJECT, is_locked: true }] })) ?? "", /“Cyst” is locked/);
  assert.match(editingObstacle(state({}, { job: {} })) ?? "", /press Esc/);
});

test("nobody works on what cannot be seen", () => {
  assert.match(editingObstacle(state({ objects: [{ ...OBJECT, is_visible: false }] })) ?? "", /“Cyst” is hidden: press V/);
  assert.match(editingObstacle(state({}, { isHidden: true })) ?? "", /press M/);
});

test("a new object gets the lowest free label", () => {
  assert.equal(freeLabel([], new Set()), 1);
  assert.equal(freeLabel([OBJECT, { ...OBJECT, label: 3 }], new Set()), 2);
  assert.equal(freeLabel([OBJECT], new Set([2])), 3);
});

test("the object that is worked on stays while it is coming, and gives way when it has gone", () => {
  assert.equal(nextActive([OBJECT], 1, new Set()), 1);
  assert.equal(nextActive([OBJECT], 2, new Set([2])), 2);
  assert.equal(nextActive([OBJECT], 2, new Set([3])), 1);
  assert.equal(nextActive([], 2, new Set()), null);
  assert.equal(nextActive([OBJECT], null, new Set([2])), 1);
});

test("queued clicks are explained while they wait", () => {
  const page = { isQueueing: true, pending: [CLICK] };
  assert.equal(hintFor(state({}, page), new Set())?.lesson, "queue");
  assert.equal(hintFor(state({}, { ...page, pending: [] }), new Set())?.lesson, "click");
});
