/**
 * Which slice a voxel lies on, and where: the rule of docs/coordinates.md, here and nowhere else in the browser.
 * A slice across an axis keeps the two other axes in ascending order: rows run along the lower one.
 */
import type { Axis, Box, Voxel } from "./types.ts";

/** For each axis across which slices are taken: the axes of rows and columns. */
export const IN_PLANE_AXES: readonly (readonly [Axis, Axis])[] = [
  [1, 2],
  [0, 2],
  [0, 1],
];

export interface PixelPosition {
  readonly index: number;
  readonly row: number;
  readonly col: number;
}

export interface SliceShape {
  readonly height: number;
  readonly width: number;
}

export function inPlaneAxes(axis: Axis): readonly [Axis, Axis] {
  return IN_PLANE_AXES[axis] as readonly [Axis, Axis];
}

export function voxelToPixel(voxel: Voxel, axis: Axis): PixelPosition {
  const [rowAxis, colAxis] = inPlaneAxes(axis);
  return { index: voxel[axis], row: voxel[rowAxis], col: voxel[colAxis] };
}

export function pixelToVoxel(position: PixelPosition, axis: Axis): Voxel {
  const [rowAxis, colAxis] = inPlaneAxes(axis);
  const voxel: [number, number, number] = [0, 0, 0];
  voxel[axis] = position.index;
  voxel[rowAxis] = position.row;
  voxel[colAxis] = position.col;
  return voxel;
}

export function sliceShape(shape: Voxel, axis: Axis): SliceShape {
  const [rowAxis, colAxis] = inPlaneAxes(axis);
  return { height: shape[rowAxis], width: shape[colAxis] };
}

/** Half-open, on one slice. */
export interface PixelBox {
  readonly row_start: number;
  readonly row_stop: number;
  readonly col_start: number;
  readonly col_stop: number;
}

type Corner = Pick<PixelPosition, "row" | "col">;

/** The box between two opposite corners, both in it; null where it would be a line. */
export function boxBetween(a: Corner, b: Corner): PixelBox | null {
  if (a.row === b.row || a.col === b.col) return null;
  return {
    row_start: Math.min(a.row, b.row),
    row_stop: Math.max(a.row, b.row) + 1,
    col_start: Math.min(a.col, b.col),
    col_stop: Math.max(a.col, b.col) + 1,
  };
}

/** The block of voxels of one whole slice. */
export function sliceBox(shape: Voxel, axis: Axis, index: number): Box {
  const start: [number, number, number] = [0, 0, 0];
  const stop: [number, number, number] = [...shape];
  start[axis] = index;
  stop[axis] = index + 1;
  return { start, stop };
}

/** The axis across which slices lie farthest apart: the one along which people scroll. The last one wins a tie. */
export function widestAxis(spacing: Voxel): Axis {
  const isWider = (axis: Axis, than: Axis): boolean => spacing[axis] >= spacing[than] * (1 - 1e-3);
  let best: Axis = 0;
  for (const axis of [1, 2] as const) if (isWider(axis, best)) best = axis;
  return best;
}
