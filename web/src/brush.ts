/** Brush and eraser on the mask of one slice (row by row, 0 or 1). */
import type { SliceShape } from "./slices.ts";

export interface Pixel {
  readonly row: number;
  readonly col: number;
}

/** Set all pixels within `radius_px` of the line between two pixels to `value`; returns how many changed. */
export function stampLine(
  mask: Uint8Array,
  shape: SliceShape,
  from: Pixel,
  to: Pixel,
  radius_px: number,
  value: 0 | 1,
): number {
  const reach = Math.floor(radius_px);
  const rows = range(Math.min(from.row, to.row) - reach, Math.max(from.row, to.row) + reach, shape.height);
  const cols = range(Math.min(from.col, to.col) - reach, Math.max(from.col, to.col) + reach, shape.width);
  let changed = 0;
  for (let row = rows.first; row <= rows.last; row++) {
    for (let col = cols.first; col <= cols.last; col++) {
      const at = row * shape.width + col;
      if (mask[at] === value || squaredDistance({ row, col }, from, to) > radius_px * radius_px) continue;
      mask[at] = value;
      changed++;
    }
  }
  return changed;
}

function range(first: number, last: number, length: number): { first: number; last: number } {
  return { first: Math.max(0, Math.ceil(first)), last: Math.min(length - 1, Math.floor(last)) };
}

/** From a pixel to the nearest point of the line between two others. */
function squaredDistance(pixel: Pixel, from: Pixel, to: Pixel): number {
  const along = { row: to.row - from.row, col: to.col - from.col };
  const length2 = along.row ** 2 + along.col ** 2;
  const dot = (pixel.row - from.row) * along.row + (pixel.col - from.col) * along.col;
  const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, dot / length2));
  return (pixel.row - from.row - share * along.row) ** 2 + (pixel.col - from.col - share * along.col) ** 2;
}
