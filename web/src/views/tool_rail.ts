/** The tools, one of which is in the hand; brush size and queue beside those that they belong to. */
import type { Annotator } from "../annotator.ts";
import { h, icon, iconButton, setText, type IconName } from "../dom.ts";
import { keysFor, type ActionName } from "../keyboard.ts";
import { BRUSH_RANGE_PX, type Tool } from "../state.ts";

const TOOLS: readonly (readonly [Tool, IconName, string, ActionName])[] = [
  ["click", "click", "Click", "toolClick"],
  ["box", "box", "Box", "toolBox"],
  ["brush", "brush", "Brush", "toolBrush"],
  ["eraser", "eraser", "Eraser", "toolEraser"],
  ["pan", "pan", "Move", "toolPan"],
  ["window", "window", "Contrast", "toolWindow"],
];

export function toolRail(annotator: Annotator): HTMLElement {
  const buttons = TOOLS.map(([tool, sign, text, action]) => toolButton(annotator, tool, sign, text, action));
  return h(
    "nav",
    { class: "rail", "aria-label": "Tools" },
    h("div", { class: "rail-group", role: "group", "aria-label": "Tool" }, ...buttons),
    brushSize(annotator),
    queueControls(annotator),
  );
}

function toolButton({ store }: Annotator, tool: Tool, sign: IconName, text: string, action: ActionName): HTMLElement {
  const title = `${text} (${keysFor(action)})`;
  const button = h(
    "button",
    { type: "button", class: "tool", title, click: () => store.update({ tool, boxCorner: null }) },
    icon(sign),
    h("span", {}, text),
  );
  store.subscribe((state) => button.setAttribute("aria-pressed", String(state.tool === tool)));
  return button;
}

function brushSize({ store }: Annotator): HTMLElement {
  const range = h("input", {
    type: "range", id: "brush", min: BRUSH_RANGE_PX.least, max: BRUSH_RANGE_PX.most, step: 1, class: "upright",
    title: `${keysFor("brushSmaller")} and ${keysFor("brushLarger")}`,
    input: () => store.update({ brush_px: Number(range.value) }),
  });
  const words = h("output", { for: "brush", class: "number" });
  const element = h("div", { class: "rail-group brush-size" }, h("label", { for: "brush" }, "Size"), range, words);
  store.subscribe((state) => {
    element.hidden = state.tool !== "brush" && state.tool !== "eraser";
    range.value = String(state.brush_px);
    setText(words, `${2 * state.brush_px + 1} px`);
  });
  return element;
}

function queueControls(annotator: Annotator): HTMLElement {
  const { store } = annotator;
  const toggle = h(
    "button",
    {
      type: "button", class: "tool",
      title: `Queue clicks: several clicks, one prediction (${keysFor("toggleQueue")})`,
      click: () => annotator.setQueueing(!store.state.isQueueing),
    },
    icon("queue"),
    h("span", {}, "Queue"),
  );
  const apply = iconButton("check", "Apply queued clicks", () => annotator.applyQueue(), keysFor("applyQueue"));
  apply.classList.add("apply");
  const queued = h("span", { class: "number" });
  apply.append(queued);
  store.subscribe((state) => {
    toggle.setAttribute("aria-pressed", String(state.isQueueing));
    apply.hidden = !state.isQueueing;
    apply.disabled = annotator.heldClicks === 0;
    setText(queued, annotator.heldClicks === 0 ? "" : String(annotator.heldClicks));
  });
  return h("div", { class: "rail-group bottom" }, apply, toggle);
}
