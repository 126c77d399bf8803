/** The help, made from the table of shortcuts. */
import { h } from "../dom.ts";
import { readable, SHORTCUTS, type Group, type Shortcut } from "../keyboard.ts";
import { openDialog } from "./dialog.ts";

const MOUSE: readonly (readonly [string, string])[] = [
  ["Click", "Add to the object"],
  ["Right-click, Ctrl+click", "Remove from the object"],
  ["Shift+drag", "Box around the object"],
  ["Drag", "Move the crosshair"],
  ["Right drag, Alt+drag", "Brightness and contrast"],
  ["Middle drag", "Move the image"],
  ["Wheel", "Slices"],
  ["Ctrl+wheel, pinch", "Zoom"],
  ["Double-click", "Work in that view"],
];

export function showHelp(): void {
  const groups: Group[] = ["Tools", "Clicks", "Slices", "Objects", "General", "View"];
  const columns = h("div", { class: "help-columns", tabindex: -1, autofocus: true }, mouseTable(), ...groups.map(groupTable));
  const licences = h("a", { class: "licences small", href: "licences.txt", target: "_blank", rel: "noopener" }, "Licences of what the app contains");
  openDialog("Mouse and keyboard", h("div", {}, columns, licences), "wide");
}

function mouseTable(): HTMLElement {
  return section("Mouse", MOUSE.map(([keys, text]) => line(text, keys.split(", ").map((key) => key.split("+")))));
}

function groupTable(group: Group): HTMLElement {
  const shown = new Map<string, Shortcut>(); // four arrows are one line
  for (const shortcut of SHORTCUTS) if (shortcut.group === group && !shown.has(shortcut.text)) shown.set(shortcut.text, shortcut);
  return section(group, [...shown.values()].map((shortcut) => line(shortcut.text, keysOfLine(shortcut))));
}

function keysOfLine({ keys }: Shortcut): readonly (readonly string[])[] {
  const parts = readable(keys[0] as string);
  return [parts[0] === "Shift" && parts[1] === "←" ? ["Shift", "← → ↑ ↓"] : parts];
}

function section(title: string, lines: readonly HTMLElement[]): HTMLElement {
  return h("section", { class: "help-group" }, h("h3", {}, title), h("dl", {}, ...lines));
}

function line(text: string, alternatives: readonly (readonly string[])[]): HTMLElement {
  const keys = alternatives.flatMap((parts, at) => [
    ...(at === 0 ? [] : [" or "]),
    ...parts.flatMap((part, index) => [...(index === 0 ? [] : ["+"]), h("kbd", {}, part)]),
  ]);
  return h("div", { class: "help-line" }, h("dt", {}, text), h("dd", {}, ...keys));
}
