/** The line at the bottom: what is under the pointer, and what the tool in the hand does. */
import type { Annotator } from "../annotator.ts";
import { h, setText } from "../dom.ts";
import type { SessionState, Tool } from "../state.ts";
import type { About, Voxel } from "../types.ts";

const WORDS: Readonly<Record<Tool, string>> = {
  click: "Click adds · right-click removes · Shift+drag draws a box · wheel changes the slice · ? for help",
  box: "Drag from one corner of the object to the opposite one, or press A with the crosshair at each",
  brush: "Drag paints · right drag erases · [ and ] change the size",
  eraser: "Drag erases · [ and ] change the size",
  pan: "Drag moves the image · Ctrl+wheel zooms · 0 shows all of it",
  window: "Drag right for less contrast, down for a darker image",
};

export function statusBar(annotator: Annotator, intensityAt: (voxel: Voxel) => number, about: About): HTMLElement {
  const place = h("span", { class: "number place" });
  const words = h("span", { class: "grow cut" });
  const network = h("span", { class: "quiet cut" });
  annotator.store.subscribe((state) => {
    setText(place, placeText(state, intensityAt));
    setText(words, WORDS[state.tool]);
    setText(network, `${state.clickWeights} · ${about.method} · ${about.device}`);
  });
  return h("footer", { class: "status small quiet" }, place, words, network);
}

/** Voxels are counted from 0 here, as in files and programs; slices in the views from 1, as on film. */
function placeText({ hovered, voxel }: SessionState, intensityAt: (voxel: Voxel) => number): string {
  const at = hovered ?? voxel;
  const value = intensityAt(at);
  return `voxel ${at.join(", ")}   value ${Number.isInteger(value) ? value : value.toPrecision(4)}`;
}
