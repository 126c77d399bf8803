/**
 * The file's own grid and NiiVue's. NiiVue turns a volume so that its axes run to the right, the front and the head
 * (x, y, z); its drawing has that order. The turn is a permutation with flips: voxel (i, j, k) lies at
 * start + i * step_i + j * step_j + k * step_k of the drawing.
 */
import type { Axis, Box, Voxel } from "./types.ts";

export interface RasGrid {
  /** Of the file. */
  readonly shape: Voxel;
  /** Of the drawing: (x, y, z). */
  readonly rasShape: Voxel;
  /** For each of i, j, k: its axis in the drawing. */
  readonly rasAxis: readonly [Axis, Axis, Axis];
  /** For each of i, j, k: whether it runs backwards in the drawing. */
  readonly isFlipped: readonly [boolean, boolean, boolean];
  /** For each of i, j, k: the distance in the drawing between neighbours. */
  readonly steps: Voxel;
  /** Where voxel (0, 0, 0) lies in the drawing. */
  readonly start: number;
}

/** NiiVue's `permRAS`: for x, y, z the axis of the file, counted from 1, negative where it runs backwards. */
export function rasGrid(shape: Voxel, permRas: readonly number[]): RasGrid {
  const rasShape = [0, 1, 2].map((ras) => shape[fileAxis(permRas, ras)]) as unknown as Voxel;
  const rasStride = [1, rasShape[0], rasShape[0] * rasShape[1]] as const;
  const rasAxis = [0, 0, 0] as [Axis, Axis, Axis];
  const isFlipped = [false, false, false] as [boolean, boolean, boolean];
  const steps = [0, 0, 0] as [number, number, number];
  let start = 0;
  for (const ras of [0, 1, 2] as const) {
    const axis = fileAxis(permRas, ras);
    rasAxis[axis] = ras;
    isFlipped[axis] = (permRas[ras] as number) < 0;
    steps[axis] = isFlipped[axis] ? -rasStride[ras] : rasStride[ras];
    if (isFlipped[axis]) start += (shape[axis] - 1) * rasStride[ras];
  }
  return { shape, rasShape, rasAxis, isFlipped, steps, start };
}

function fileAxis(permRas: readonly number[], ras: number): Axis {
  return (Math.abs(permRas[ras] as number) - 1) as Axis;
}

/** The axis of the file that runs along an axis of the drawing. */
export function fileAxisOf(grid: RasGrid, ras: Axis): Axis {
  return grid.rasAxis.indexOf(ras) as Axis;
}

export function toRas(grid: RasGrid, voxel: Voxel): Voxel {
  const ras: [number, number, number] = [0, 0, 0];
  for (const axis of [0, 1, 2] as const) {
    ras[grid.rasAxis[axis]] = grid.isFlipped[axis] ? grid.shape[axis] - 1 - voxel[axis] : voxel[axis];
  }
  return ras;
}

export function fromRas(grid: RasGrid, ras: Voxel): Voxel {
  const voxel: [number, number, number] = [0, 0, 0];
  for (const axis of [0, 1, 2] as const) {
    const along = ras[grid.rasAxis[axis]];
    voxel[axis] = grid.isFlipped[axis] ? grid.shape[axis] - 1 - along : along;
  }
  return voxel;
}

export function boxToRas(grid: RasGrid, box: Box): Box {
  const first = toRas(grid, box.start);
  const last = toRas(grid, [box.stop[0] - 1, box.stop[1] - 1, box.stop[2] - 1]);
  const corner = (pick: (a: number, b: number) => number, plus: number): Voxel => [
    pick(first[0], last[0]) + plus,
    pick(first[1], last[1]) + plus,
    pick(first[2], last[2]) + plus,
  ];
  return { start: corner(Math.min, 0), stop: corner(Math.max, 1) };
}

export function offsetOf(grid: RasGrid, voxel: Voxel): number {
  return grid.start + voxel[0] * grid.steps[0] + voxel[1] * grid.steps[1] + voxel[2] * grid.steps[2];
}

export function voxelCount(shape: Voxel): number {
  return shape[0] * shape[1] * shape[2];
}
