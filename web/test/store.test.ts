import assert from "node:assert/strict";
import test from "node:test";

import { onAnyChange, onChange, Store } from "../src/store.ts";

interface State {
  readonly a: number;
  readonly b: readonly number[];
}

/** A store whose listeners are told when `flush` is called. */
function made(): { store: Store<State>; flush: () => void } {
  const waiting: (() => void)[] = [];
  const store = new Store<State>({ a: 1, b: [1] }, (run) => waiting.push(run));
  return { store, flush: () => waiting.splice(0).forEach((run) => run()) };
}

test("listeners are told at once, then once for many changes, and not for none", () => {
  const { store, flush } = made();
  const seen: number[] = [];
  store.subscribe(({ a }) => seen.push(a));
  store.update({ a: 2 });
  store.update({ a: 3 });
  flush();
  store.update({ a: 3 });
  flush();
  assert.deepEqual(seen, [1, 3]);
});

test("who has left is told no more", () => {
  const { store, flush } = made();
  const seen: number[] = [];
  store.subscribe(({ a }) => seen.push(a))();
  store.update({ a: 2 });
  flush();
  assert.deepEqual(seen, [1]);
});

test("a listener of one value sleeps through changes of others", () => {
  const { store, flush } = made();
  const seen: number[] = [];
  store.subscribe(onChange(({ a }) => a, (a) => seen.push(a)));
  store.update({ b: [2] });
  flush();
  store.update({ a: 5 });
  flush();
  assert.deepEqual(seen, [1, 5]);
});

test("a listener of a list acts when a value or the length changes", () => {
  const { store, flush } = made();
  let count = 0;
  store.subscribe(onAnyChange(({ b }) => b, () => count++));
  for (const b of [[1], [1, 2], [3, 2], [3, 2]]) {
    store.update({ b });
    flush();
  }
  assert.equal(count, 3);
});
