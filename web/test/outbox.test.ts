import assert from "node:assert/strict";
import test from "node:test";

import { enqueued, Outbox, type ClickBatch, type Outgoing, type PendingClick } from "../src/outbox.ts";

function click(id: number, index = 0): PendingClick {
  return { id, label: 1, axis: 2, index, row: 0, col: id, is_positive: true };
}

function batch(...clicks: PendingClick[]): ClickBatch {
  return { kind: "clicks", clicks };
}

function ids(items: readonly Outgoing[]): (number[] | string)[] {
  return items.map((item) => (item.kind === "clicks" ? item.clicks.map(({ id }) => id) : "act"));
}

test("clicks on the same slice travel together", () => {
  assert.deepEqual(ids(enqueued([batch(click(1))], batch(click(2)))), [[1, 2]]);
});

test("clicks on another slice do not join", () => {
  assert.deepEqual(ids(enqueued([batch(click(1))], batch(click(2, 5)))), [[1], [2]]);
});

test("an undo in between keeps the order", () => {
  const undo: Outgoing = { kind: "act", send: () => Promise.resolve() };
  assert.deepEqual(ids(enqueued(enqueued([batch(click(1))], undo), batch(click(2)))), [[1], "act", [2]]);
});

test("while one prediction is under way, all later clicks wait for one more, and none is lost", async () => {
  const sent: number[][] = [];
  const answers: (() => void)[] = [];
  const outbox = new Outbox(
    ({ clicks }) => {
      sent.push(clicks.map(({ id }) => id));
      return new Promise((resolve) => answers.push(resolve));
    },
    () => undefined,
  );
  for (const id of [1, 2, 3, 4]) outbox.push(batch(click(id)));
  assert.deepEqual(sent, [[1]]);
  answers[0]?.();
  await new Promise(setImmediate);
  assert.deepEqual(sent, [[1], [2, 3, 4]]);
});
