/** The list of objects: choose, rename, recolour, lock, hide, delete; and the overlap rule. */
import type { Annotator } from "../annotator.ts";
import { h, iconButton } from "../dom.ts";
import { volume } from "../format.ts";
import { keysFor, type ActionName } from "../keyboard.ts";
import type { SessionState } from "../state.ts";
import { onChange } from "../store.ts";
import type { OverlapRule, SegmentObject } from "../types.ts";
import { confirmed } from "./dialog.ts";

const RULES: readonly (readonly [OverlapRule, string])[] = [
  ["keep_existing", "Earlier object keeps voxels"],
  ["replace_existing", "Later object takes voxels"],
];

export function objectsPanel(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  const { store } = annotator;
  const list = h("ul", { class: "objects", "aria-label": "Objects" });
  const empty = h("p", { class: "quiet empty" }, "No object yet. Your first click makes one.");
  const rule = ruleChoice(annotator);
  const add = iconButton("plus", "New object", () => act("addObject"), keysFor("addObject"));
  const take = iconButton("upload", "Import a mask", () => act("importMask"), keysFor("importMask"));
  take.setAttribute("aria-haspopup", "dialog");
  store.subscribe(
    onChange(
      (state) => state.session.objects,
      (objects, state) => {
        const focused = focusedControl(list);
        list.replaceChildren(...objects.map((item) => objectRow(item, annotator, state)));
        if (focused !== null) list.querySelector<HTMLElement>(focused)?.focus();
        empty.hidden = objects.length > 0;
      },
    ),
  );
  store.subscribe(onChange((state) => state.activeLabel, (label) => markActive(list, label)));
  return h("section", { class: "panel" }, h("header", {}, h("h2", {}, "Objects"), h("div", { class: "panel-buttons" }, take, add)), list, empty, rule);
}

/** A selector of the control that has the focus, so that it keeps it when the list is made anew. */
function focusedControl(list: HTMLElement): string | null {
  const control = document.activeElement?.closest<HTMLElement>("[data-control]");
  const row = control?.closest<HTMLElement>("[data-label]");
  if (!control || !row || !list.contains(row)) return null;
  return `[data-label="${row.dataset["label"]}"] [data-control="${control.dataset["control"]}"]`;
}

function markActive(list: HTMLElement, label: number | null): void {
  for (const row of list.querySelectorAll<HTMLElement>("[data-label]")) {
    const isActive = row.dataset["label"] === String(label);
    row.classList.toggle("active", isActive);
    row.querySelector("[data-control=choose]")?.setAttribute("aria-pressed", String(isActive));
  }
}

function objectRow(item: SegmentObject, annotator: Annotator, state: SessionState): HTMLElement {
  const { label } = item;
  const isActive = state.activeLabel === label;
  const colour = h("input", {
    type: "color",
    class: "swatch",
    value: item.colour,
    "data-control": "colour",
    "aria-label": `Colour of ${item.name}`,
    change: (event: Event) =>
      annotator.command({ type: "RecolourObject", label, colour: (event.target as HTMLInputElement).value }),
  });
  const choose = h(
    "button",
    {
      type: "button",
      class: "object-name",
      "data-control": "choose",
      "aria-pressed": String(isActive),
      title: "Double-click to rename",
      click: () => annotator.store.update({ activeLabel: label }),
      dblclick: () => startRenaming(item, annotator, row),
    },
    h("span", { class: "name" }, item.name),
    h("span", { class: "quiet number" }, volume(item.volume_ml)),
  );
  const row = h("li", { class: `object${isActive ? " active" : ""}`, "data-label": label }, colour, choose, ...toggles(item, annotator));
  return row;
}

function toggles(item: SegmentObject, annotator: Annotator): HTMLElement[] {
  const { label, name, is_locked, is_visible } = item;
  const lock = iconButton(is_locked ? "lock" : "unlock", `${is_locked ? "Unlock" : "Lock"} ${name}`, () =>
    annotator.command({ type: "SetObjectLocked", label, is_locked: !is_locked }),
  );
  const show = iconButton(is_visible ? "eye" : "eyeOff", `${is_visible ? "Hide" : "Show"} ${name}`, () =>
    annotator.command({ type: "SetObjectVisible", label, is_visible: !is_visible }),
  );
  const remove = iconButton("trash", `Delete ${name}`, () => void removeObject(item, annotator));
  lock.dataset["control"] = "lock";
  show.dataset["control"] = "show";
  remove.dataset["control"] = "remove";
  lock.classList.toggle("on", is_locked);
  show.classList.toggle("on", !is_visible);
  return [lock, show, remove];
}

/** Undo brings an object back, so only one that has voxels is worth a question. */
export async function removeObject(item: SegmentObject, annotator: Annotator): Promise<void> {
  const text = `${item.name} has ${volume(item.volume_ml)}. Its voxels and clicks go; Undo brings them back.`;
  if (item.voxels > 0 && !(await confirmed(`Delete ${item.name}?`, text, "Delete"))) return;
  annotator.command({ type: "RemoveObject", label: item.label });
}

/** Turn the name in the list into a field. */
export function startRenaming(item: SegmentObject, annotator: Annotator, row: Element | null): void {
  const button = row?.querySelector<HTMLElement>(".object-name");
  if (!row || !button) return;
  let isOver = false;
  const finish = (isKept: boolean): void => {
    if (isOver) return;
    isOver = true;
    const name = field.value.trim();
    field.replaceWith(button);
    button.focus();
    if (isKept && name !== "" && name !== item.name) annotator.command({ type: "RenameObject", label: item.label, name });
  };
  const field = h("input", { class: "field rename", value: item.name, "aria-label": `Name of ${item.name}`, maxlength: 120 });
  field.addEventListener("blur", () => finish(true));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
    event.stopPropagation();
  });
  button.replaceWith(field);
  field.select();
}

function ruleChoice(annotator: Annotator): HTMLElement {
  const select = h(
    "select",
    {
      class: "field",
      id: "overlap-rule",
      change: () => annotator.command({ type: "SetOverlapRule", rule: select.value as OverlapRule }),
    },
    ...RULES.map(([value, text]) => h("option", { value }, text)),
  );
  annotator.store.subscribe(onChange((state) => state.session.overlap_rule, (rule) => (select.value = rule)));
  return h("div", { class: "labelled" }, h("label", { for: "overlap-rule" }, "Where objects meet"), select);
}
