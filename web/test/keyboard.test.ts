import assert from "node:assert/strict";
import test from "node:test";

import { actionFor, keysOf, readable, SHORTCUTS, type KeyPress } from "../src/keyboard.ts";

function press(key: string, held: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held };
}

test("letters count without Shift, and Cmd counts as Ctrl", () => {
  assert.equal(actionFor(press("c")), "toolClick");
  assert.equal(actionFor(press("z", { metaKey: true })), "undo");
  assert.equal(actionFor(press("Z", { ctrlKey: true, shiftKey: true })), "redo");
});

test("signs count however a keyboard makes them", () => {
  assert.equal(actionFor(press("?", { shiftKey: true })), "help");
  assert.equal(actionFor(press("?")), "help");
  assert.equal(actionFor(press("+", { shiftKey: true })), "zoomIn");
});

test("keys with modifiers that mean nothing here stay the browser's", () => {
  assert.equal(actionFor(press("c", { ctrlKey: true })), null);
  assert.equal(actionFor(press("ArrowLeft", { altKey: true })), null);
});

test("Enter accepts, with Shift it reopens, with Ctrl it propagates", () => {
  assert.equal(actionFor(press("Enter")), "accept");
  assert.equal(actionFor(press("Enter", { shiftKey: true })), "reopen");
  assert.equal(actionFor(press("Enter", { ctrlKey: true })), "propagate");
});

test("no two actions share a key", () => {
  const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
  assert.equal(new Set(keys).size, keys.length);
});

test("keys are written as people read them", () => {
  assert.equal(keysOf(press(" ")), "Space");
  assert.deepEqual(readable("Shift+ArrowUp"), ["Shift", "↑"]);
  assert.deepEqual(readable("+"), ["+"]);
});
