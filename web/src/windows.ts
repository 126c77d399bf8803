/** Which intensities are black and which white. */
import type { IntensityWindow } from "./types.ts";

export interface WindowPreset {
  readonly name: string;
  /** What it does, for a person. */
  readonly hint: string;
  readonly window: (sample: Float32Array) => IntensityWindow;
}

/** Level and width as radiologists write them. */
function ct(level: number, width: number): () => IntensityWindow {
  return () => ({ low: level - width / 2, high: level + width / 2 });
}

export const WINDOW_PRESETS: readonly WindowPreset[] = [
  { name: "Auto", hint: "1st to 99th percentile", window: (sample) => percentiles(sample, 0.01, 0.99) },
  { name: "Wide", hint: "Least to greatest value", window: (sample) => percentiles(sample, 0, 1) },
  { name: "CT soft tissue", hint: "Level 40, width 400 HU", window: ct(40, 400) },
  { name: "CT lung", hint: "Level -600, width 1500 HU", window: ct(-600, 1500) },
  { name: "CT bone", hint: "Level 500, width 2000 HU", window: ct(500, 2000) },
];

/** `sample` rises. Of an image with one value only: a window one wide, so that it is not empty. */
export function percentiles(sample: Float32Array, low: number, high: number): IntensityWindow {
  const at = (share: number): number => sample[Math.round(share * (sample.length - 1))] ?? 0;
  const window = { low: at(low), high: at(high) };
  return window.high > window.low ? window : { low: window.low, high: window.low + 1 };
}

/** Every n-th voxel, rising, so that percentiles of a large volume take no time. */
export function sortedSample(
  voxels: ArrayLike<number>,
  slope: number,
  intercept: number,
  most = 100_000,
): Float32Array {
  const step = Math.max(1, Math.floor(voxels.length / most));
  const count = Math.floor((voxels.length - 1) / step) + 1;
  const sample = new Float32Array(count);
  for (let at = 0; at < count; at++) sample[at] = (voxels[at * step] as number) * slope + intercept;
  return sample.sort();
}

/** A drag: to the right widens the window, downwards darkens; `size_px` pixels make one full width. */
export function draggedWindow(
  start: IntensityWindow,
  dx_px: number,
  dy_px: number,
  size_px = 400,
): IntensityWindow {
  const width = start.high - start.low;
  const newWidth = Math.max(width * 0.01, width * Math.exp(dx_px / size_px));
  const level = (start.low + start.high) / 2 + (width * dy_px) / size_px;
  return { low: level - newWidth / 2, high: level + newWidth / 2 };
}
