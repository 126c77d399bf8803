/** All shortcuts, in one table: keys are looked up in it and the help is made from it. */

export type ActionName =
  | "toolClick" | "toolBox" | "toolBrush" | "toolEraser" | "toolPan" | "toolWindow" | "brushSmaller" | "brushLarger"
  | "addAtCrosshair" | "removeAtCrosshair" | "toggleQueue" | "applyQueue" | "clearClicks"
  | "undo" | "redo" | "escape"
  | "previousSlice" | "nextSlice" | "back10Slices" | "forward10Slices" | "firstSlice" | "lastSlice"
  | "moveLeft" | "moveRight" | "moveUp" | "moveDown" | "previousAnnotated" | "nextAnnotated" | "suggestedSlice"
  | "accept" | "reopen" | "propagate"
  | "addObject" | "importMask" | "renameObject" | "lockObject" | "hideObject" | "removeObject" | "nextObject" | "previousObject"
  | "layoutMain" | "layoutGrid" | "layoutAxial" | "layoutCoronal" | "layoutSagittal" | "layoutRender"
  | "zoomIn" | "zoomOut" | "fit" | "lessOpaque" | "moreOpaque" | "brighter" | "darker" | "moreContrast" | "lessContrast" | "toggleOutline" | "toggleMasks"
  | "export" | "adapt" | "help";

export type Group = "Tools" | "Clicks" | "Slices" | "Objects" | "View" | "General";

export interface Shortcut {
  readonly action: ActionName;
  readonly group: Group;
  readonly text: string;
  /** As written in the help, for instance "Shift+Enter"; the first one is shown in tooltips. */
  readonly keys: readonly string[];
}

const rows: readonly (readonly [Group, ActionName, string, ...string[]])[] = [
  ["Tools", "toolClick", "Click: add and remove", "C"],
  ["Tools", "toolBox", "Box around the object", "B"],
  ["Tools", "toolBrush", "Brush", "P"],
  ["Tools", "toolEraser", "Eraser", "E"],
  ["Tools", "brushSmaller", "Smaller brush", "["],
  ["Tools", "brushLarger", "Larger brush", "]"],
  ["Tools", "toolPan", "Move the image", "H"],
  ["Tools", "toolWindow", "Brightness and contrast", "W"],
  ["Clicks", "addAtCrosshair", "Add at the crosshair; corner of a box", "A"],
  ["Clicks", "removeAtCrosshair", "Remove at the crosshair", "X"],
  ["Clicks", "toggleQueue", "Queue clicks on or off", "Q"],
  ["Clicks", "applyQueue", "Apply queued clicks", "Space"],
  ["Clicks", "clearClicks", "Clear the object on this slice", "Backspace"],
  ["Slices", "previousSlice", "Previous slice", "ArrowDown", "ArrowLeft"],
  ["Slices", "nextSlice", "Next slice", "ArrowUp", "ArrowRight"],
  ["Slices", "back10Slices", "Back 10 slices", "PageDown"],
  ["Slices", "forward10Slices", "Forward 10 slices", "PageUp"],
  ["Slices", "firstSlice", "First slice", "Home"],
  ["Slices", "lastSlice", "Last slice", "End"],
  ["Slices", "previousAnnotated", "Previous annotated slice", "J"],
  ["Slices", "nextAnnotated", "Next annotated slice", "K"],
  ["Slices", "suggestedSlice", "Suggested slice", "N"],
  ["Slices", "accept", "Accept the slice", "Enter"],
  ["Slices", "reopen", "Reopen the slice", "Shift+Enter"],
  ["Slices", "propagate", "Propagate", "Ctrl+Enter"],
  ["Objects", "addObject", "New object", "O"],
  ["Objects", "importMask", "Import a mask", "I"],
  ["Objects", "nextObject", "Next object", "."],
  ["Objects", "previousObject", "Previous object", ","],
  ["Objects", "renameObject", "Rename", "F2"],
  ["Objects", "lockObject", "Lock or unlock", "L"],
  ["Objects", "hideObject", "Show or hide", "V"],
  ["Objects", "removeObject", "Delete", "Delete"],
  ["View", "layoutMain", "One large view, three small", "1"],
  ["View", "layoutGrid", "Four equal views", "2"],
  ["View", "layoutAxial", "Axial", "3"],
  ["View", "layoutCoronal", "Coronal", "4"],
  ["View", "layoutSagittal", "Sagittal", "5"],
  ["View", "layoutRender", "3-D", "6"],
  ["View", "moveLeft", "Move the crosshair, turn 3-D", "Shift+ArrowLeft"],
  ["View", "moveRight", "Move the crosshair, turn 3-D", "Shift+ArrowRight"],
  ["View", "moveUp", "Move the crosshair, turn 3-D", "Shift+ArrowUp"],
  ["View", "moveDown", "Move the crosshair, turn 3-D", "Shift+ArrowDown"],
  ["View", "zoomIn", "Zoom in", "+", "="],
  ["View", "zoomOut", "Zoom out", "-"],
  ["View", "fit", "Whole image", "0"],
  ["View", "darker", "Darker", "D"],
  ["View", "brighter", "Brighter", "F"],
  ["View", "lessContrast", "Less contrast", "Shift+D"],
  ["View", "moreContrast", "More contrast", "Shift+F"],
  ["View", "toggleOutline", "Outline or fill", "T"],
  ["View", "toggleMasks", "Masks on or off", "M"],
  ["View", "lessOpaque", "Less opaque", "Shift+,", "Shift+<", "Shift+;"],
  ["View", "moreOpaque", "More opaque", "Shift+.", "Shift+>", "Shift+:"],
  ["General", "undo", "Undo", "Ctrl+Z"],
  ["General", "redo", "Redo", "Ctrl+Shift+Z", "Ctrl+Y"],
  ["General", "escape", "Cancel: drag, queued clicks, propagation", "Escape"],
  ["General", "export", "Export", "Ctrl+S"],
  ["General", "adapt", "Adapt the network", "Shift+A"],
  ["General", "help", "This help", "?", "Shift+?"],
];

export const SHORTCUTS: readonly Shortcut[] = rows.map(([group, action, text, ...keys]) => ({ group, action, text, keys }));

const BY_KEYS = new Map(SHORTCUTS.flatMap(({ action, keys }) => keys.map((key) => [key, action] as const)));

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** A key press as it is written in the table; Cmd counts as Ctrl. */
export function keysOf({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyPress, countsShift = true): string {
  const name = key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key;
  return [ctrlKey || metaKey ? "Ctrl" : "", altKey ? "Alt" : "", shiftKey && countsShift ? "Shift" : "", name]
    .filter((part) => part !== "")
    .join("+");
}

/** The action for a key press, or null. */
export function actionFor(press: KeyPress): ActionName | null {
  const keys = keysOf(press);
  const withoutShift = keysOf(press, false);
  // "?" and "+" need Shift on some keyboards and not on others: the sign counts, not how it is typed
  return BY_KEYS.get(keys) ?? (/^[^\p{L}\p{N}]$/u.test(press.key) ? BY_KEYS.get(withoutShift) : undefined) ?? null;
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "Page ↑", PageDown: "Page ↓", Escape: "Esc",
};

/** Keys as people read them. */
export function readable(keys: string): readonly string[] {
  return (keys === "+" ? ["+"] : keys.split("+")).map((part) => SIGNS[part] ?? part);
}

/** The first keys of an action, for tooltips. */
export function keysFor(action: ActionName): string {
  const keys = SHORTCUTS.find((shortcut) => shortcut.action === action)?.keys[0];
  return keys === undefined ? "" : readable(keys).join("+");
}
