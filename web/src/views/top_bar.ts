/** The line at the top: which scan, undo and redo, views, export, help. */
import type { Annotator } from "../annotator.ts";
import { h, icon, iconButton, setText, type IconName } from "../dom.ts";
import { keysFor, type ActionName } from "../keyboard.ts";
import type { Layout } from "../tiles.ts";
import type { Session } from "../types.ts";

const LAYOUTS: readonly (readonly [Layout, string, ActionName, IconName | null])[] = [
  ["main", "One large view", "layoutMain", "main"],
  ["grid", "Four views", "layoutGrid", "grid"],
  ["axial", "Axial", "layoutAxial", null],
  ["coronal", "Coronal", "layoutCoronal", null],
  ["sagittal", "Sagittal", "layoutSagittal", null],
  ["render", "3-D", "layoutRender", null],
];

export function topBar(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  return h(
    "header",
    { class: "top" },
    h("a", { class: "icon-button", href: "#", "aria-label": "All scans", title: "All scans" }, icon("back")),
    scanTitle(annotator.store.state.session),
    h("div", { class: "top-group" }, ...undoButtons(annotator)),
    layoutButtons(annotator, act),
    h("div", { class: "grow" }),
    savedState(annotator),
    dialogButton("adapt", "learn", "Adapt", act),
    dialogButton("export", "download", "Export", act),
    iconButton("help", "Help", () => act("help"), "?"),
  );
}

function scanTitle({ name, shape, spacing_mm }: Session): HTMLElement {
  const size = `${shape.join(" × ")}, ${spacing_mm.map((step) => Number(step.toFixed(2))).join(" × ")} mm`;
  return h("div", { class: "scan-title" }, h("h1", { title: name }, name), h("span", { class: "quiet number" }, size));
}

function undoButtons(annotator: Annotator): HTMLElement[] {
  const undo = iconButton("undo", "Undo", () => annotator.undo(), keysFor("undo"));
  const redo = iconButton("redo", "Redo", () => annotator.redo(), keysFor("redo"));
  annotator.store.subscribe((state) => {
    undo.disabled = state.job !== null || !(state.session.can_undo || annotator.heldClicks > 0);
    redo.disabled = state.job !== null || !state.session.can_redo;
  });
  return [undo, redo];
}

function layoutButtons({ store }: Annotator, act: (action: ActionName) => void): HTMLElement {
  const buttons = LAYOUTS.map(([layout, text, action, sign]) => {
    const button = h(
      "button",
      { type: "button", title: `${text} (${keysFor(action)})`, "aria-label": text, click: () => act(action) },
      sign === null ? text : icon(sign),
    );
    store.subscribe((state) => button.setAttribute("aria-pressed", String(state.layout === layout)));
    return button;
  });
  return h("div", { class: "segmented layouts", role: "group", "aria-label": "Views" }, ...buttons);
}

/** Saving needs no button; that it happens should be seen. */
function savedState({ store }: Annotator): HTMLElement {
  const words = h("span", {});
  const element = h("div", { class: "saved", role: "status", "aria-live": "off" }, h("span", { class: "dot" }), words);
  store.subscribe((state) => {
    const isWaiting = state.waiting > 0 || state.job !== null;
    const kind = state.connection !== "online" ? state.connection : isWaiting ? "working" : "saved";
    element.dataset["kind"] = kind;
    setText(words, { lost: "Reconnecting", refused: "Signed out", working: "Working", saved: "Saved" }[kind]);
  });
  return element;
}

function dialogButton(action: ActionName, sign: IconName, text: string, act: (action: ActionName) => void): HTMLElement {
  const title = `${text} (${keysFor(action)})`;
  return h("button", { type: "button", class: "button", title, "aria-haspopup": "dialog", click: () => act(action) }, icon(sign), text);
}
