/** Mouse, pen and touch on the views: which gesture begins where, and what it does. */
import type { Annotator } from "./annotator.ts";
import { stampLine, type Pixel } from "./brush.ts";
import type { BoxDraft } from "./markers.ts";
import { fileAxisOf, fromRas, toRas } from "./ras_grid.ts";
import { boxBetween, sliceShape, voxelToPixel } from "./slices.ts";
import type { SessionState, Tool } from "./state.ts";
import type { Store } from "./store.ts";
import { isInside, rasAt, VIEW_AXES, wholeVoxel, type SliceTile } from "./tiles.ts";
import type { Axis, Voxel } from "./types.ts";
import type { Viewer } from "./viewer.ts";
import { draggedWindow } from "./windows.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What goes on between pressing and letting go. */
interface Gesture {
  readonly move: (at: Point) => void;
  readonly end: (at: Point) => void;
  readonly cancel: () => void;
}

const CLICK_REACH_PX = 5; // farther is a drag
const TURN_DEG_PER_PX = 0.5;
const WHEEL_STEP = 40; // of deltaY; a notch of a mouse wheel is 100 or so, trackpads send small ones

export class PointerInput {
  /** The box that is being drawn. */
  box: BoxDraft | null = null;
  private readonly canvas: HTMLElement;
  private readonly viewer: Viewer;
  private readonly store: Store<SessionState>;
  private readonly annotator: Annotator;
  private readonly redrawMarkers: () => void;
  private readonly pointers = new Map<number, Point>();
  private gesture: Gesture | null = null;
  private wheel = 0;

  constructor(
    canvas: HTMLElement,
    parts: { viewer: Viewer; store: Store<SessionState>; annotator: Annotator; redrawMarkers: () => void },
  ) {
    this.canvas = canvas;
    this.viewer = parts.viewer;
    this.store = parts.store;
    this.annotator = parts.annotator;
    this.redrawMarkers = parts.redrawMarkers;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.lost(event));
    canvas.addEventListener("pointerleave", () => this.store.update({ hovered: null }));
    canvas.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.workIn(this.point(event)));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Stop the gesture under way; false if there is none. */
  cancel(): boolean {
    if (this.gesture === null) return false;
    this.gesture.cancel();
    this.gesture = null;
    return true;
  }

  private get state(): SessionState {
    return this.store.state;
  }

  private point(event: MouseEvent): Point {
    const rect = this.canvas.getBoundingClientRect();
    return { x: event.clientX - rect.left, y: event.clientY - rect.top };
  }

  private down(event: PointerEvent): void {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.point(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) this.startPinch();
    else if (this.pointers.size === 1) this.gesture = this.begin(at, event);
  }

  private moved(event: PointerEvent): void {
    const at = this.point(event);
    if (this.pointers.has(event.pointerId)) this.pointers.set(event.pointerId, at);
    this.gesture?.move(at);
    this.hover(at);
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    const { gesture } = this;
    this.gesture = null;
    gesture?.end(this.point(event));
  }

  private lost(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.cancel();
  }

  private hover(at: Point): void {
    const tile = this.tileAt(at);
    this.store.update({ hovered: tile === null ? null : this.voxelAt(tile, at) });
  }

  // Where

  private tileAt({ x, y }: Point): SliceTile | null {
    return this.viewer.tiles().find(({ rect }) => isInside(rect, x, y)) ?? null;
  }

  private rasAt(tile: SliceTile, { x, y }: Point): Voxel {
    const { grid } = this.viewer;
    return rasAt(tile, grid.rasShape, toRas(grid, this.state.voxel), x, y);
  }

  private voxelAt(tile: SliceTile, at: Point): Voxel | null {
    const { grid } = this.viewer;
    const ras = wholeVoxel(this.rasAt(tile, at), grid.rasShape);
    return ras === null ? null : fromRas(grid, ras);
  }

  private axisOf(tile: SliceTile): Axis {
    return fileAxisOf(this.viewer.grid, VIEW_AXES[tile.view].across);
  }

  /** Make the view under a point the one that is worked in. */
  private workIn(at: Point): void {
    const tile = this.tileAt(at);
    if (tile !== null && this.axisOf(tile) !== this.state.axis) this.store.update({ axis: this.axisOf(tile) });
  }

  // Which gesture

  private begin(at: Point, event: PointerEvent): Gesture | null {
    const tile = this.tileAt(at);
    if (tile === null) return this.viewer.view3d !== null ? this.turning(at) : null;
    if (event.button === 1) return this.panning(tile, at);
    if (event.altKey) return this.windowing(at);
    const isRemoving = event.button === 2 || event.ctrlKey || event.metaKey;
    const tool: Tool = event.shiftKey && this.state.tool === "click" ? "box" : this.state.tool;
    if (tool === "pan") return this.panning(tile, at);
    if (tool === "window") return this.windowing(at);
    if (this.axisOf(tile) !== this.state.axis) return this.moving(tile, at);
    if (tool === "box" && !isRemoving) return this.boxing(tile, at);
    if (tool === "brush" || tool === "eraser") return this.stroke(tile, at, tool === "eraser" || isRemoving ? 0 : 1);
    return this.clicking(tile, at, isRemoving, event.button === 2);
  }

  /** A click; dragging moves the crosshair, with the right button it changes brightness and contrast. */
  private clicking(tile: SliceTile, start: Point, isRemoving: boolean, isRight: boolean): Gesture {
    let drag: Gesture | null = null;
    const beginDrag = (): Gesture => (isRight ? this.windowing(start) : this.moving(tile, start));
    return {
      move: (at) => {
        if (drag === null && distance(start, at) > CLICK_REACH_PX) drag = beginDrag();
        drag?.move(at);
      },
      end: (at) => (drag === null ? this.click(tile, start, !isRemoving) : drag.end(at)),
      cancel: () => drag?.cancel(),
    };
  }

  private click(tile: SliceTile, at: Point, isPositive: boolean): void {
    const voxel = this.voxelAt(tile, at);
    if (voxel === null) return;
    const { row, col } = voxelToPixel(voxel, this.state.axis);
    this.store.update({ voxel });
    this.annotator.click(row, col, isPositive);
  }

  private moving(tile: SliceTile, start: Point): Gesture {
    const move = (at: Point): void => {
      const voxel = this.voxelAt(tile, at);
      if (voxel !== null) this.store.update({ voxel });
    };
    move(start);
    return { move, end: move, cancel: () => undefined };
  }

  private panning(tile: SliceTile, start: Point): Gesture {
    const held = this.rasAt(tile, start);
    const pan = this.viewer.panner(held);
    return { move: (at) => pan(this.rasAt(tile, at)), end: () => undefined, cancel: () => pan(held) };
  }

  private windowing(start: Point): Gesture {
    const before = this.state.window;
    return {
      move: (at) => this.store.update({ window: draggedWindow(before, at.x - start.x, at.y - start.y) }),
      end: () => undefined,
      cancel: () => this.store.update({ window: before }),
    };
  }

  private turning(start: Point): Gesture {
    let last = start;
    const move = (at: Point): void => {
      this.viewer.turn((last.x - at.x) * TURN_DEG_PER_PX, (at.y - last.y) * TURN_DEG_PER_PX);
      last = at;
    };
    return { move, end: () => undefined, cancel: () => undefined };
  }

  private boxing(tile: SliceTile, from: Point): Gesture {
    const show = (box: BoxDraft | null): void => {
      this.box = box;
      this.redrawMarkers();
    };
    return {
      move: (to) => show({ from, to }),
      end: (to) => {
        show(null);
        this.sendBox(tile, from, to);
      },
      cancel: () => show(null),
    };
  }

  private sendBox(tile: SliceTile, from: Point, to: Point): void {
    const [a, b] = [this.clampedPixel(tile, from), this.clampedPixel(tile, to)];
    const box = distance(from, to) <= CLICK_REACH_PX ? null : boxBetween(a, b);
    if (box === null) this.annotator.notify("info", "Drag from one corner of the object to the opposite one.");
    else this.annotator.box(box);
  }

  private clampedPixel(tile: SliceTile, at: Point): Pixel {
    const { grid } = this.viewer;
    const ras = this.rasAt(tile, at).map((value, axis) =>
      Math.max(0, Math.min((grid.rasShape[axis] as number) - 1, Math.round(value))),
    ) as unknown as Voxel;
    return voxelToPixel(fromRas(grid, ras), this.state.axis);
  }

  private stroke(tile: SliceTile, start: Point, value: 0 | 1): Gesture | null {
    if (this.annotator.isStopped()) return null;
    const label = this.annotator.ensureObject();
    const { axis, voxel } = this.state;
    const before = this.annotator.bitmap.sliceMask(label, axis, voxel[axis]);
    const mask = before.slice();
    const shape = sliceShape(this.viewer.grid.shape, axis);
    let last = this.clampedPixel(tile, start);
    const move = (at: Point): void => {
      const next = this.clampedPixel(tile, at);
      if (stampLine(mask, shape, last, next, this.state.brush_px, value)) this.annotator.showStroke(label, mask);
      last = next;
    };
    move(start);
    return {
      move,
      end: () => this.annotator.paint(label, mask),
      cancel: () => this.annotator.showStroke(label, before),
    };
  }

  // Two fingers, and the wheel

  private startPinch(): void {
    this.cancel();
    const [first, second] = [...this.pointers.values()] as [Point, Point];
    const tile = this.tileAt(middle(first, second));
    if (tile === null) return;
    let spread = distance(first, second);
    const held = this.rasAt(tile, middle(first, second));
    const move = (): void => {
      const [a, b] = [...this.pointers.values()];
      if (a === undefined || b === undefined) return;
      this.viewer.zoom(distance(a, b) / spread, held);
      spread = distance(a, b);
    };
    this.gesture = { move, end: () => undefined, cancel: () => undefined };
  }

  private wheeled(event: WheelEvent): void {
    event.preventDefault();
    const at = this.point(event);
    const tile = this.tileAt(at);
    const factor = Math.exp(-event.deltaY / 400);
    if (tile === null) this.viewer.zoom3d(factor);
    else if (event.ctrlKey || event.metaKey) this.viewer.zoom(factor, this.rasAt(tile, at));
    else this.scroll(this.axisOf(tile), event.deltaMode === 0 ? event.deltaY : event.deltaY * WHEEL_STEP);
  }

  /** Wheel upwards shows the next slice. */
  private scroll(axis: Axis, delta: number): void {
    this.wheel -= delta;
    const steps = Math.trunc(this.wheel / WHEEL_STEP);
    if (steps === 0) return;
    this.wheel = Math.abs(delta) >= WHEEL_STEP ? 0 : this.wheel - steps * WHEEL_STEP;
    const step = Math.abs(delta) >= WHEEL_STEP ? Math.sign(steps) : steps;
    const voxel: [number, number, number] = [...this.state.voxel];
    voxel[axis] = Math.max(0, Math.min(this.viewer.grid.shape[axis] - 1, voxel[axis] + step));
    this.store.update({ voxel });
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
