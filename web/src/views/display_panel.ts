/** How masks and image look. */
import type { Annotator } from "../annotator.ts";
import { h } from "../dom.ts";
import { keysFor } from "../keyboard.ts";
import type { SessionState } from "../state.ts";
import type { IntensityWindow } from "../types.ts";
import { WINDOW_PRESETS } from "../windows.ts";

const BY_HAND = "by hand";
const NETWORK = "network";

export function displayPanel(annotator: Annotator, sample: Float32Array): HTMLElement {
  return h(
    "section",
    { class: "panel" },
    h("header", {}, h("h2", {}, "Display")),
    opacityRow(annotator),
    choiceRow(annotator),
    windowRow(annotator, sample),
    checkRow(annotator, "isSmooth", "Smooth pixels"),
    checkRow(annotator, "isRadiological", "Patient’s right on the left"),
    networkWindow(annotator),
  );
}

function opacityRow({ store }: Annotator): HTMLElement {
  const range = h("input", {
    type: "range", id: "opacity", min: 0.05, max: 1, step: 0.05,
    title: `${keysFor("lessOpaque")}, ${keysFor("moreOpaque")}`,
    input: () => store.update({ opacity: Number(range.value) }),
  });
  store.subscribe((state) => {
    range.value = String(state.opacity);
    range.disabled = state.isOutline;
  });
  return h("div", { class: "row" }, h("label", { for: "opacity" }, "Opacity"), range);
}

function choiceRow({ store }: Annotator): HTMLElement {
  const choice = (text: string, isOutline: boolean): HTMLButtonElement => {
    const button = h("button", { type: "button", title: keysFor("toggleOutline"), click: () => store.update({ isOutline }) }, text);
    store.subscribe((state) => button.setAttribute("aria-pressed", String(state.isOutline === isOutline)));
    return button;
  };
  const group = h("div", { class: "segmented", role: "group", "aria-label": "Masks" }, choice("Fill", false), choice("Outline", true));
  return h("div", { class: "row" }, h("span", {}, "Masks"), group);
}

function windowRow({ store }: Annotator, sample: Float32Array): HTMLElement {
  const select = h(
    "select",
    { class: "field", id: "window", title: "Alt+drag or right drag in the image changes it freely" },
    h("option", { value: BY_HAND }, "By hand"),
    h("option", { value: NETWORK }, "Network’s"),
    ...WINDOW_PRESETS.map(({ name, hint }) => h("option", { value: name, title: hint }, name)),
  );
  select.addEventListener("change", () => {
    const preset = WINDOW_PRESETS.find(({ name }) => name === select.value);
    if (preset !== undefined) store.update({ window: preset.window(sample) });
    else if (select.value === NETWORK) store.update({ window: store.state.session.window });
  });
  store.subscribe((state) => {
    const preset = WINDOW_PRESETS.find(({ window }) => isSame(window(sample), state.window));
    select.value = isNetworks(state) ? NETWORK : (preset?.name ?? BY_HAND);
  });
  return h("div", { class: "row" }, h("label", { for: "window" }, "Window"), select);
}

function isNetworks({ window, session }: SessionState): boolean {
  return isSame(window, session.window);
}

function isSame(a: IntensityWindow, b: IntensityWindow): boolean {
  return a.low === b.low && a.high === b.high;
}

/** The networks have a window of their own, which is part of the session; the one on the screen is not. */
function networkWindow(annotator: Annotator): HTMLElement {
  const { store } = annotator;
  const give = (): void => annotator.command({ type: "SetWindow", ...store.state.window });
  const button = h("button", { type: "button", class: "link", click: give }, "Show this window to the network too");
  store.subscribe((state) => (button.hidden = isNetworks(state)));
  return button;
}

function checkRow({ store }: Annotator, field: "isSmooth" | "isRadiological", text: string): HTMLElement {
  const box = h("input", { type: "checkbox", change: () => store.update({ [field]: box.checked }) });
  store.subscribe((state) => (box.checked = state[field]));
  return h("label", { class: "check" }, box, text);
}
