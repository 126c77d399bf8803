/** All slices across the working axis in one line: which are annotated, propagated, suggested, uncertain. */
import type { Annotator } from "../annotator.ts";
import { h } from "../dom.ts";
import { sliceMarks, type SliceMarks } from "../slice_marks.ts";
import type { SessionState } from "../state.ts";

const COLOURS = { propagated: "#3d6fa5", draft: "#d9a441", annotated: "#37c47a" } as const;
const TRACK = { top: 16, height: 14 } as const;
const MARGIN = 8;

export function sliceBar(annotator: Annotator): HTMLElement {
  const { store } = annotator;
  const canvas = h("canvas", { class: "slice-canvas", role: "slider", tabindex: 0, "aria-label": "Slice", "aria-valuemin": 1 });
  let last: readonly unknown[] = [];
  const draw = (state: SessionState): void => {
    const marks = sliceMarks(state.session, state.axis, annotator.bitmap.filled[state.axis]);
    tellReaders(canvas, state, marks);
    paint(canvas, state.voxel[state.axis], marks);
  };
  store.subscribe((state) => {
    const now = [state.session, state.axis, state.voxel, state.drawingVersion];
    if (now.every((value, at) => value === last[at])) return;
    last = now;
    draw(state);
  });
  new ResizeObserver(() => draw(store.state)).observe(canvas);
  listen(canvas, annotator);
  return h("div", { class: "slice-bar" }, canvas, legend());
}

function legend(): HTMLElement {
  const entry = (kind: string, text: string): HTMLElement => h("span", { class: "legend-entry" }, h("i", { class: `mark ${kind}` }), text);
  return h(
    "div",
    { class: "legend quiet small" },
    entry("annotated", "Accepted"), entry("draft", "Clicked"), entry("propagated", "Propagated"),
    entry("suggested", "Suggested"), entry("uncertain", "Uncertain"),
  );
}

function listen(canvas: HTMLCanvasElement, { store }: Annotator): void {
  const go = (event: PointerEvent): void => {
    const { session, axis, voxel } = store.state;
    const length = session.shape[axis];
    const share = (event.offsetX - MARGIN) / (canvas.clientWidth - 2 * MARGIN);
    const next: [number, number, number] = [...voxel];
    next[axis] = Math.max(0, Math.min(length - 1, Math.floor(share * length)));
    store.update({ voxel: next });
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons !== 0) go(event);
  });
}

function tellReaders(canvas: HTMLCanvasElement, state: SessionState, { marks, suggested }: SliceMarks): void {
  const index = state.voxel[state.axis];
  const words = index === suggested ? `${marks[index]}, suggested` : marks[index];
  canvas.setAttribute("aria-valuemax", String(marks.length));
  canvas.setAttribute("aria-valuenow", String(index + 1));
  canvas.setAttribute("aria-valuetext", `Slice ${index + 1} of ${marks.length}, ${words}`);
}

function paint(canvas: HTMLCanvasElement, index: number, { marks, suggested, uncertain }: SliceMarks): void {
  const dpr = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (width === 0) return;
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(dpr, dpr);
  const step = (width - 2 * MARGIN) / marks.length;
  const left = (at: number): number => MARGIN + at * step;
  context.fillStyle = "#1b212a";
  context.fillRect(MARGIN, TRACK.top, width - 2 * MARGIN, TRACK.height);
  marks.forEach((mark, at) => {
    if (mark === "empty") return;
    context.fillStyle = COLOURS[mark];
    const gap = step > 4 ? 1 : 0;
    context.fillRect(left(at), TRACK.top, Math.max(step - gap, mark === "propagated" ? step : 2), TRACK.height);
  });
  for (const at of uncertain) diamond(context, left(at) + step / 2, false);
  if (suggested !== null) diamond(context, left(suggested) + step / 2, true);
  handle(context, left(index) + step / 2, step);
  numbers(context, width, index, marks.length, left(index) + step / 2);
}

function diamond(context: CanvasRenderingContext2D, x: number, isFilled: boolean): void {
  const [y, size] = [8, 4.5];
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
  context.lineWidth = 1.5;
  context.strokeStyle = context.fillStyle = "#e58cff";
  if (isFilled) context.fill();
  context.stroke();
}

function handle(context: CanvasRenderingContext2D, x: number, step: number): void {
  const width = Math.max(3, step);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5;
  context.strokeRect(x - width / 2, TRACK.top - 2.5, width, TRACK.height + 5);
}

function numbers(context: CanvasRenderingContext2D, width: number, index: number, length: number, x: number): void {
  const y = TRACK.top + TRACK.height + 15;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillStyle = "#8b97a6";
  if (x > 40) context.fillText("1", MARGIN + 4, y);
  if (x < width - 50) context.fillText(String(length), width - MARGIN - 10, y);
  context.fillStyle = "#e8edf3";
  context.fillText(String(index + 1), Math.max(12, Math.min(width - 14, x)), y);
}
