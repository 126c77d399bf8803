/** What each action of the shortcut table does. */
import type { Annotator } from "../annotator.ts";
import { actionFor, type ActionName } from "../keyboard.ts";
import type { PointerInput } from "../pointer.ts";
import { fileAxisOf } from "../ras_grid.ts";
import { neighbourAnnotated, sliceMarks } from "../slice_marks.ts";
import { voxelToPixel } from "../slices.ts";
import { activeObject, BRUSH_RANGE_PX, type SessionState, type Tool } from "../state.ts";
import { VIEW_AXES, viewAcross, type Layout } from "../tiles.ts";
import type { Axis, SegmentObject } from "../types.ts";
import type { Viewer } from "../viewer.ts";
import { draggedWindow } from "../windows.ts";
import { showAdaptation } from "./adapt_dialog.ts";
import { showExport } from "./export_dialog.ts";
import { showHelp } from "./help.ts";
import { showImport } from "./import_dialog.ts";
import { removeObject, startRenaming } from "./objects.ts";

const ZOOM_STEP = 1.25;
const OPACITY_STEP = 0.1;
const SHADE_STEP_PX = 20; // as if dragged so far
const TURN_DEG = 10;

export interface Actions {
  readonly act: (action: ActionName) => void;
  /** Stop listening to keys. */
  readonly unbind: () => void;
}

export function bindActions(annotator: Annotator, viewer: Viewer, pointer: PointerInput): Actions {
  const table = { ...toolActions(annotator), ...sliceActions(annotator), ...objectActions(annotator), ...viewActions(annotator, viewer), ...otherActions(annotator, pointer) };
  const act = (action: ActionName): void => table[action]();
  const onKey = (event: KeyboardEvent): void => {
    if (isForField(event) || document.querySelector("dialog[open]") !== null) return;
    const action = actionFor(event);
    if (action === null) return;
    event.preventDefault();
    act(action);
  };
  document.addEventListener("keydown", onKey);
  return { act, unbind: () => document.removeEventListener("keydown", onKey) };
}

/** Keys that the focused control needs itself: letters in fields, Enter and Space on buttons, arrows in ranges. */
function isForField({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input:not([type=range], [type=checkbox], [type=color]), textarea, select")) return key !== "Escape";
  if (target.matches("input[type=range]")) return key.startsWith("Arrow") || key.startsWith("Page");
  return target.matches("button, a, input, summary") && (key === "Enter" || key === " ");
}

type Table<Name extends ActionName> = Record<Name, () => void>;

type ToolAction = "toolClick" | "toolBox" | "toolBrush" | "toolEraser" | "toolPan" | "toolWindow" | "brushSmaller" | "brushLarger" | "addAtCrosshair" | "removeAtCrosshair" | "toggleQueue" | "applyQueue" | "clearClicks";

function toolActions(annotator: Annotator): Table<ToolAction> {
  const { store } = annotator;
  const use = (tool: Tool) => () => store.update({ tool, boxCorner: null });
  const resize = (step: number) => () => {
    const brush_px = Math.max(BRUSH_RANGE_PX.least, Math.min(BRUSH_RANGE_PX.most, store.state.brush_px + step));
    store.update({ brush_px });
  };
  const atCrosshair = (isPositive: boolean) => () => {
    const { tool, voxel, axis } = store.state;
    if (tool === "box" && isPositive) return annotator.boxCornerAtCrosshair();
    if (tool === "brush" || tool === "eraser") return annotator.dabAtCrosshair(isPositive && tool === "brush" ? 1 : 0);
    const { row, col } = voxelToPixel(voxel, axis);
    annotator.click(row, col, isPositive);
  };
  return {
    toolClick: use("click"),
    toolBox: use("box"),
    toolBrush: use("brush"),
    toolEraser: use("eraser"),
    toolPan: use("pan"),
    toolWindow: use("window"),
    brushSmaller: resize(-1),
    brushLarger: resize(1),
    addAtCrosshair: atCrosshair(true),
    removeAtCrosshair: atCrosshair(false),
    toggleQueue: () => annotator.setQueueing(!store.state.isQueueing),
    applyQueue: () => annotator.applyQueue(),
    clearClicks: () => clearSlice(annotator),
  };
}

function clearSlice(annotator: Annotator): void {
  const { axis, voxel, activeLabel } = annotator.store.state;
  if (activeLabel === null || annotator.isStopped()) return;
  annotator.command({ type: "ClearClicks", label: activeLabel, axis, index: voxel[axis] });
}

type SliceAction = "previousSlice" | "nextSlice" | "back10Slices" | "forward10Slices" | "firstSlice" | "lastSlice" | "previousAnnotated" | "nextAnnotated" | "suggestedSlice" | "accept" | "reopen" | "propagate";

function sliceActions(annotator: Annotator): Table<SliceAction> {
  const { store } = annotator;
  const go = (index: number): void => goToSlice(annotator, index);
  const step = (by: number) => () => go(store.state.voxel[store.state.axis] + by);
  const neighbour = (direction: 1 | -1) => () => {
    const { session, axis, voxel } = store.state;
    const { marks } = sliceMarks(session, axis, annotator.bitmap.filled[axis]);
    const index = neighbourAnnotated(marks, voxel[axis], direction);
    if (index !== null) go(index);
  };
  return {
    previousSlice: step(-1),
    nextSlice: step(1),
    back10Slices: step(-10),
    forward10Slices: step(10),
    firstSlice: () => go(0),
    lastSlice: () => go(Number.POSITIVE_INFINITY),
    previousAnnotated: neighbour(-1),
    nextAnnotated: neighbour(1),
    suggestedSlice: () => goToSuggested(annotator),
    accept: () => annotator.acceptSlice(),
    reopen: () => annotator.reopenSlice(),
    propagate: () => annotator.propagate(),
  };
}

function goToSlice({ store }: Annotator, index: number): void {
  const { axis, session } = store.state;
  const voxel: [number, number, number] = [...store.state.voxel];
  voxel[axis] = Math.max(0, Math.min(session.shape[axis] - 1, index));
  store.update({ voxel });
}

function goToSuggested(annotator: Annotator): void {
  const { session, axis } = annotator.store.state;
  const { suggested } = sliceMarks(session, axis, annotator.bitmap.filled[axis]);
  if (suggested !== null) goToSlice(annotator, suggested);
  else annotator.notify("info", "No slice is suggested yet: propagate first.");
}

type ObjectAction = "addObject" | "importMask" | "renameObject" | "lockObject" | "hideObject" | "removeObject" | "nextObject" | "previousObject";

function objectActions(annotator: Annotator): Table<ObjectAction> {
  const { store } = annotator;
  const withActive = (run: (item: SegmentObject) => void) => () => {
    const item = activeObject(store.state);
    if (item !== null) run(item);
  };
  const choose = (step: number) => () => {
    const { objects } = store.state.session;
    const at = objects.findIndex(({ label }) => label === store.state.activeLabel);
    const next = objects[(at + step + objects.length) % objects.length];
    if (next !== undefined) store.update({ activeLabel: next.label });
  };
  return {
    addObject: () => void annotator.addObject(),
    importMask: () => showImport(annotator),
    renameObject: withActive((item) => startRenaming(item, annotator, document.querySelector(`[data-label="${item.label}"]`))),
    lockObject: withActive(({ label, is_locked }) => annotator.command({ type: "SetObjectLocked", label, is_locked: !is_locked })),
    hideObject: withActive(({ label, is_visible }) => annotator.command({ type: "SetObjectVisible", label, is_visible: !is_visible })),
    removeObject: withActive((item) => void removeObject(item, annotator)),
    nextObject: choose(1),
    previousObject: choose(-1),
  };
}

type ViewAction = "layoutMain" | "layoutGrid" | "layoutAxial" | "layoutCoronal" | "layoutSagittal" | "layoutRender" | "moveLeft" | "moveRight" | "moveUp" | "moveDown" | "zoomIn" | "zoomOut" | "fit" | "lessOpaque" | "moreOpaque" | "brighter" | "darker" | "moreContrast" | "lessContrast" | "toggleOutline" | "toggleMasks";

function viewActions(annotator: Annotator, viewer: Viewer): Table<ViewAction> {
  const { store } = annotator;
  const zoom = (factor: number) => () => {
    viewer.zoomAt(factor, store.state.voxel);
    viewer.zoom3d(factor);
  };
  const opacity = (step: number) => () => store.update({ opacity: Math.max(0.05, Math.min(1, store.state.opacity + step)) });
  const layout = (name: Layout) => () => store.update({ ...workingAxis(name, viewer, store.state), layout: name });
  const shade = (dx_px: number, dy_px: number) => () => store.update({ window: draggedWindow(store.state.window, dx_px, dy_px) });
  const move = (right: number, up: number) => () => moveCrosshair(annotator, viewer, right, up);
  return {
    layoutMain: layout("main"),
    layoutGrid: layout("grid"),
    layoutAxial: layout("axial"),
    layoutCoronal: layout("coronal"),
    layoutSagittal: layout("sagittal"),
    layoutRender: layout("render"),
    moveLeft: move(-1, 0),
    moveRight: move(1, 0),
    moveUp: move(0, 1),
    moveDown: move(0, -1),
    zoomIn: zoom(ZOOM_STEP),
    zoomOut: zoom(1 / ZOOM_STEP),
    fit: () => viewer.fit(),
    lessOpaque: opacity(-OPACITY_STEP),
    moreOpaque: opacity(OPACITY_STEP),
    brighter: shade(0, -SHADE_STEP_PX),
    darker: shade(0, SHADE_STEP_PX),
    moreContrast: shade(-SHADE_STEP_PX, 0),
    lessContrast: shade(SHADE_STEP_PX, 0),
    toggleOutline: () => store.update({ isOutline: !store.state.isOutline }),
    toggleMasks: () => store.update({ isHidden: !store.state.isHidden }),
  };
}

/** A single slice view is the one to work in. */
function workingAxis(layout: Layout, viewer: Viewer, { axis }: SessionState): { axis: Axis } {
  const isSlice = layout === "axial" || layout === "coronal" || layout === "sagittal";
  return { axis: isSlice ? fileAxisOf(viewer.grid, VIEW_AXES[layout].across) : axis };
}

/** One voxel to the right or upwards on the screen, in the view that is worked in; a turn where 3-D is all there is. */
function moveCrosshair({ store }: Annotator, viewer: Viewer, right: number, up: number): void {
  if (store.state.layout === "render") return viewer.turn(-right * TURN_DEG, -up * TURN_DEG);
  const { axis, voxel, isRadiological } = store.state;
  const { grid } = viewer;
  const view = viewAcross(grid.rasAxis[axis]);
  const mirror = isRadiological && view !== "sagittal" ? -1 : 1;
  const next: [number, number, number] = [...voxel];
  for (const [rasAxis, step] of [[VIEW_AXES[view].right, right * mirror], [VIEW_AXES[view].up, up]] as const) {
    const along = fileAxisOf(grid, rasAxis);
    const moved = next[along] + (grid.isFlipped[along] ? -step : step);
    next[along] = Math.max(0, Math.min(grid.shape[along] - 1, moved));
  }
  store.update({ voxel: next });
}

type OtherAction = "undo" | "redo" | "escape" | "export" | "adapt" | "help";

function otherActions(annotator: Annotator, pointer: PointerInput): Table<OtherAction> {
  return {
    undo: () => annotator.undo(),
    redo: () => annotator.redo(),
    escape: () => {
      if (pointer.cancel()) return;
      if (annotator.store.state.boxCorner !== null) annotator.store.update({ boxCorner: null });
      else if (annotator.heldClicks > 0) annotator.discardQueue();
      else void annotator.cancelPropagation();
    },
    export: () => showExport(annotator),
    adapt: () => showAdaptation(annotator),
    help: () => showHelp(),
  };
}
