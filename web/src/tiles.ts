/** Where the views lie on the canvas, and which voxel is under a point of it. x and y are CSS pixels of the canvas. */
import type { Axis, Voxel } from "./types.ts";

export type ViewName = "axial" | "coronal" | "sagittal" | "render";
export type Layout = "main" | "grid" | ViewName;

export const SLICE_VIEWS = ["axial", "coronal", "sagittal"] as const;
export type SliceView = (typeof SLICE_VIEWS)[number];

/** NiiVue's numbers of the views, and of all together. */
export const SLICE_TYPES = { axial: 0, coronal: 1, sagittal: 2, all: 3, render: 4 } as const;

/** For each view: the axes of NiiVue's grid across it, to the right and upwards on the screen. */
export const VIEW_AXES: Readonly<Record<SliceView, { across: Axis; right: Axis; up: Axis }>> = {
  axial: { across: 2, right: 0, up: 1 },
  coronal: { across: 1, right: 0, up: 2 },
  sagittal: { across: 0, right: 1, up: 2 },
};

export function viewAcross(rasAxis: Axis): SliceView {
  return SLICE_VIEWS.find((view) => VIEW_AXES[view].across === rasAxis) as SliceView;
}

/** Left, top, width and height as shares of the canvas. */
export type Share = readonly [number, number, number, number];

export interface PlacedView {
  readonly view: ViewName;
  readonly share: Share;
}

const MAIN_WIDTH = 0.68;

/** The views of a layout; `main` is the view that gets most room where one does. */
export function placedViews(layout: Layout, main: SliceView): readonly PlacedView[] {
  if (layout === "grid") return gridViews();
  if (layout === "main") return mainViews(main);
  return [{ view: layout, share: [0, 0, 1, 1] }];
}

function gridViews(): readonly PlacedView[] {
  return [
    { view: "axial", share: [0, 0, 0.5, 0.5] },
    { view: "coronal", share: [0.5, 0, 0.5, 0.5] },
    { view: "sagittal", share: [0, 0.5, 0.5, 0.5] },
    { view: "render", share: [0.5, 0.5, 0.5, 0.5] },
  ];
}

function mainViews(main: SliceView): readonly PlacedView[] {
  const others: ViewName[] = [...SLICE_VIEWS.filter((view) => view !== main), "render"];
  const side = others.map((view, at): PlacedView => ({
    view,
    share: [MAIN_WIDTH, at / others.length, 1 - MAIN_WIDTH, 1 / others.length],
  }));
  return [{ view: main, share: [0, 0, MAIN_WIDTH, 1] }, ...side];
}

/** Where a slice view shows what: shares of the volume along its axes are linear in x and y. */
export interface SliceTile {
  readonly view: SliceView;
  readonly rect: Rect;
  /** Share of the volume along the axis to the right = offset + slope * x. */
  readonly right: Line;
  /** The same for the axis upwards, of y. */
  readonly up: Line;
}

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly offset: number;
  readonly slope: number;
}

export function lineThrough(x0: number, value0: number, x1: number, value1: number): Line {
  const slope = (value1 - value0) / (x1 - x0);
  return { offset: value0 - slope * x0, slope };
}

export function isInside(rect: Rect, x: number, y: number): boolean {
  return x >= rect.left && y >= rect.top && x < rect.left + rect.width && y < rect.top + rect.height;
}

/** The voxel of NiiVue's grid under a point, not whole and maybe outside; `position` gives the index across the view. */
export function rasAt(tile: SliceTile, shape: Voxel, position: Voxel, x: number, y: number): Voxel {
  const { right, up } = VIEW_AXES[tile.view];
  const ras: [number, number, number] = [...position];
  ras[right] = (tile.right.offset + tile.right.slope * x) * shape[right] - 0.5;
  ras[up] = (tile.up.offset + tile.up.slope * y) * shape[up] - 0.5;
  return ras;
}

/** Where the centre of a voxel of NiiVue's grid lies; inverse of `rasAt`. */
export function pointOf(tile: SliceTile, shape: Voxel, ras: Voxel): { x: number; y: number } {
  const { right, up } = VIEW_AXES[tile.view];
  return {
    x: ((ras[right] + 0.5) / shape[right] - tile.right.offset) / tile.right.slope,
    y: ((ras[up] + 0.5) / shape[up] - tile.up.offset) / tile.up.slope,
  };
}

/** The nearest voxel, or null where the point lies outside the volume. */
export function wholeVoxel(ras: Voxel, shape: Voxel): Voxel | null {
  const whole = ras.map(Math.round) as unknown as Voxel;
  return whole.every((value, axis) => value >= 0 && value < (shape[axis] as number)) ? whole : null;
}

/** Letters at the left and the top of a view: where the patient's sides are. */
export function sides(view: SliceView, isRadiological: boolean): { left: string; right: string; top: string; bottom: string } {
  const vertical = view === "axial" ? { top: "A", bottom: "P" } : { top: "S", bottom: "I" };
  if (view === "sagittal") return { left: "P", right: "A", ...vertical };
  return isRadiological ? { left: "R", right: "L", ...vertical } : { left: "L", right: "R", ...vertical };
}
