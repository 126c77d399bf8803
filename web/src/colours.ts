/** From the objects' colours to the table that the graphics card looks labels up in. */
import type { SegmentObject } from "./types.ts";

export type Rgb = readonly [number, number, number];

const SLOTS = 256;

export function parseColour(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** RGBA for each slot; hidden objects and the background are transparent. */
export function colourTable(
  objects: readonly SegmentObject[],
  slotOf: (label: number) => number,
): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint8ClampedArray(SLOTS * 4);
  for (const item of objects) {
    const [red, green, blue] = parseColour(item.colour);
    table.set([red, green, blue, item.is_visible ? 255 : 0], slotOf(item.label) * 4);
  }
  return table;
}
