/** The page of one session: what it is made of, and what keeps its parts in step. */
import { Annotator } from "../annotator.ts";
import { colourTable } from "../colours.ts";
import { h } from "../dom.ts";
import { hintFor, type Hint } from "../hints.ts";
import { LabelBitmap } from "../label_bitmap.ts";
import { drawMarkers, type BoxDraft, type MarkerScene } from "../markers.ts";
import { PointerInput } from "../pointer.ts";
import { loadLessons, preferenceValues, saveLessons, savePreferences } from "../preferences.ts";
import { editingObstacle, type SessionState } from "../state.ts";
import { onAnyChange, onChange, type Store } from "../store.ts";
import { toRas } from "../ras_grid.ts";
import { pointOf, viewAcross } from "../tiles.ts";
import type { About } from "../types.ts";
import type { Surface, Viewer } from "../viewer.ts";
import { sortedSample } from "../windows.ts";
import { bindActions } from "./actions.ts";
import { displayPanel } from "./display_panel.ts";
import { noticeList } from "./notices.ts";
import { objectsPanel } from "./objects.ts";
import { sliceBar } from "./slice_bar.ts";
import { statusBar } from "./status_bar.ts";
import { toolRail } from "./tool_rail.ts";
import { topBar } from "./top_bar.ts";
import { workPanel } from "./work_panel.ts";

const LEAST_SMOOTH = 4;

/** The canvases, made before NiiVue can start. */
export interface Stage {
  readonly element: HTMLElement;
  readonly glCanvas: HTMLCanvasElement;
  readonly markerCanvas: HTMLCanvasElement;
}

export function makeStage(): Stage {
  const glCanvas = h("canvas", { class: "gl", "aria-hidden": "true" });
  const markerCanvas = h("canvas", {
    class: "markers",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "image views",
    "aria-label": "Views of the scan. Arrow up and down change the slice, Shift and arrows move the crosshair, A adds and X removes at the crosshair, question mark shows all keys.",
  });
  return { element: h("div", { class: "stage" }, h("div", { class: "gl-frame" }, glCanvas), markerCanvas), glCanvas, markerCanvas };
}

export interface SessionPage {
  readonly element: HTMLElement;
  readonly close: () => void;
}

export function sessionPage(store: Store<SessionState>, viewer: Viewer, stage: Stage, about: About): SessionPage {
  const bitmap = new LabelBitmap(viewer.grid, viewer.drawing);
  const annotator = new Annotator(store, bitmap, (box) => viewer.upload(box));
  const pointer: PointerInput = new PointerInput(stage.markerCanvas, {
    viewer,
    store,
    annotator,
    redrawMarkers: () => showMarkers(),
  });
  const showMarkers = (): void => drawMarkers(stage.markerCanvas, markerScene(store.state, viewer, pointer));
  const { act, unbind } = bindActions(annotator, viewer, pointer);
  const { voxels, slope, intercept } = viewer.intensities;
  const sample = sortedSample(voxels, slope, intercept);
  const notices = noticeList((id) => annotator.dismiss(id));

  followState(store, viewer, annotator, showMarkers);
  store.subscribe(onChange((state) => state.notices, notices.show));
  stage.element.append(hintBubble(store), connectionBanner(annotator), notices.element);
  const side = h("aside", { class: "side", "aria-label": "Annotation" }, objectsPanel(annotator, act), workPanel(annotator, act), displayPanel(annotator, sample));
  const element = h(
    "div",
    { class: "session" },
    topBar(annotator, act),
    toolRail(annotator),
    h("main", { class: "centre" }, stage.element, sliceBar(annotator)),
    side,
    statusBar(annotator, (voxel) => viewer.intensityAt(voxel), about),
  );
  store.subscribe(onChange((state) => state.layout, (layout) => (stage.element.dataset["layout"] = layout)));
  new ResizeObserver(() => viewer.resized()).observe(stage.element);
  const askBeforeLeaving = (event: BeforeUnloadEvent): void => {
    if (annotator.hasUnsent) event.preventDefault();
  };
  window.addEventListener("beforeunload", askBeforeLeaving);
  const close = (): void => {
    window.removeEventListener("beforeunload", askBeforeLeaving);
    unbind();
    annotator.close();
    viewer.close();
  };
  void annotator.reloadLabels();
  return { element, close };
}

/** What the viewer shows follows the state; the marks follow the viewer. */
function followState(store: Store<SessionState>, viewer: Viewer, annotator: Annotator, showMarkers: () => void): void {
  const { bitmap } = annotator;
  const setColours = ({ session }: SessionState): void => viewer.setColours(colourTable(session.objects, (label) => bitmap.slotOf(label)));
  store.subscribe(onAnyChange(({ session }) => session.objects.flatMap(({ label, colour, is_visible }) => [label, colour, is_visible]), setColours));
  store.subscribe(onChange((state) => state.voxel, (voxel) => viewer.setPosition(voxel)));
  store.subscribe(onAnyChange((state) => [state.layout, state.axis], ({ layout, axis }) => viewer.setLayout(layout, viewAcross(viewer.grid.rasAxis[axis]))));
  store.subscribe(onAnyChange((state) => [state.opacity, state.isOutline, state.isHidden], (state) => viewer.setOverlay(state)));
  store.subscribe(onChange((state) => state.window, (window) => viewer.setWindow(window)));
  store.subscribe(onChange((state) => state.isSmooth, (isSmooth) => viewer.setSmooth(isSmooth)));
  store.subscribe(onChange((state) => state.isRadiological, (isRadiological) => viewer.setRadiological(isRadiological)));
  store.subscribe(onAnyChange(markerValues, showMarkers));
  store.subscribe(onAnyChange(preferenceValues, savePreferences));
  store.subscribe(onChange((state) => state.drawingVersion, () => (viewer.surface = surfaceOf(bitmap))));
  viewer.onDrawn = showMarkers;
}

/** Smooth where the masks reach through a few slices along every axis. */
function surfaceOf({ filled }: LabelBitmap): Surface {
  const extents = filled.map((counts) => counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0));
  return Math.max(...extents) === 0 ? "none" : Math.min(...extents) < LEAST_SMOOTH ? "blocks" : "smooth";
}

function isPainting({ tool }: SessionState): boolean {
  return tool === "brush" || tool === "eraser";
}

/** What the marks depend on, apart from what NiiVue has drawn. */
function markerValues(state: SessionState): readonly unknown[] {
  const { session, pending, activeLabel, axis, voxel, job, brush_px, boxCorner } = state;
  return [session, pending, activeLabel, axis, voxel, job, brush_px, boxCorner, isPainting(state) ? state.hovered : null];
}

/** From the corner that was set with keys to the crosshair, in the view that is worked in. */
function keyboardBox({ boxCorner, voxel, axis }: SessionState, viewer: Viewer): BoxDraft | null {
  const { grid } = viewer;
  const view = viewAcross(grid.rasAxis[axis]);
  const tile = boxCorner !== null && boxCorner[axis] === voxel[axis] ? viewer.tiles().find((one) => one.view === view) : undefined;
  if (boxCorner === null || tile === undefined) return null;
  return { from: pointOf(tile, grid.rasShape, toRas(grid, boxCorner)), to: pointOf(tile, grid.rasShape, toRas(grid, voxel)) };
}

function markerScene(state: SessionState, viewer: Viewer, pointer: PointerInput): MarkerScene {
  const { hovered } = state;
  return {
    grid: viewer.grid,
    tiles: viewer.tiles(),
    view3d: viewer.view3d,
    axis: state.axis,
    voxel: state.voxel,
    isRadiological: state.isRadiological,
    clicks: state.session.clicks,
    pending: state.pending,
    activeLabel: state.activeLabel,
    box: pointer.box ?? keyboardBox(state, viewer),
    brush: isPainting(state) && hovered !== null && editingObstacle(state) === null ? { voxel: hovered, radius_px: state.brush_px } : null,
  };
}

/** Shows the hint of the moment; a lesson is learnt when the user does what comes after it. */
function hintBubble(store: Store<SessionState>): HTMLElement {
  const lessons = loadLessons();
  const text = h("p", {});
  let shown: Hint | null = null;
  const learn = (hint: Hint): void => {
    lessons.add(hint.lesson);
    saveLessons(lessons);
  };
  const show = (state: SessionState): void => {
    const hint = hintFor(state, lessons);
    if (hint?.lesson === shown?.lesson) return;
    shown = hint;
    element.hidden = hint === null;
    text.textContent = hint?.text ?? "";
  };
  const dismiss = (): void => {
    if (shown !== null) learn(shown);
    show(store.state);
  };
  const element = h("div", { class: "hint", hidden: true }, text, h("button", { type: "button", class: "link", click: dismiss }, "Got it"));
  store.subscribe(show);
  return element;
}

function connectionBanner(annotator: Annotator): HTMLElement {
  const title = h("strong", {});
  const text = h("span", {});
  const retry = h("button", { type: "button", class: "button small", click: () => annotator.retryConnection() }, "Try now");
  const element = h("div", { class: "banner", role: "alert", hidden: true }, h("div", {}, title, " ", text), retry);
  annotator.store.subscribe(
    onChange(
      (state) => state.connection,
      (connection) => {
        element.hidden = connection === "online";
        retry.hidden = connection === "refused";
        title.textContent = connection === "refused" ? "Signed out." : "The server does not answer.";
        text.textContent =
          connection === "refused"
            ? "Open the address that isegformer printed when it started. Everything is saved."
            : "Looking for it again. What was confirmed is saved; clicks wait here.";
      },
    ),
  );
  return element;
}
