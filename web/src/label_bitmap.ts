/**
 * The labels, in the order of NiiVue's drawing, and beside them what the graphics card has of them: one byte a voxel,
 * the slot of an object, 0 the background. Slots are handed out as labels appear; label values go to 65535, slots to
 * 255, so slots are for colours only: who owns a voxel is asked of the labels.
 */
import { offsetOf, voxelCount, type RasGrid } from "./ras_grid.ts";
import { inPlaneAxes, pixelToVoxel, sliceShape } from "./slices.ts";
import type { Axis } from "./types.ts";
import { boxShape, type LabelBlock } from "./wire.ts";

const MOST_SLOTS = 255;

export class LabelBitmap {
  readonly grid: RasGrid;
  /** Slots: what is drawn. */
  readonly data: Uint8Array;
  /** For each axis: how many voxels of each slice belong to an object. */
  readonly filled: readonly [Uint32Array, Uint32Array, Uint32Array];
  private readonly labels: Uint16Array;
  private readonly slots = new Map<number, number>([[0, 0]]);

  constructor(grid: RasGrid, data: Uint8Array = new Uint8Array(voxelCount(grid.shape))) {
    this.grid = grid;
    this.data = data;
    this.labels = new Uint16Array(data.length);
    const [ni, nj, nk] = grid.shape;
    this.filled = [new Uint32Array(ni), new Uint32Array(nj), new Uint32Array(nk)];
  }

  /** The slot of a label; the 256th object shares the first one's, which shows in its colour only. */
  slotOf(label: number): number {
    const known = this.slots.get(label);
    if (known !== undefined) return known;
    const slot = 1 + ((this.slots.size - 1) % MOST_SLOTS);
    this.slots.set(label, slot);
    return slot;
  }

  /** Put a block in place. */
  apply(block: LabelBlock): void {
    const [ni, nj, nk] = boxShape(block.box);
    const [i0, j0, k0] = block.box.start;
    const step = this.grid.steps[0];
    let from = 0;
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) {
        let at = offsetOf(this.grid, [i0, j0 + j, k0 + k]);
        for (let i = 0; i < ni; i++, at += step, from++) {
          const label = block.labels[from] as number;
          const before = this.labels[at] as number;
          if (label === before) continue;
          this.set(at, label);
          const change = (label ? 1 : 0) - (before ? 1 : 0);
          if (change) this.count(i0 + i, j0 + j, k0 + k, change);
        }
      }
    }
  }

  /** One object on one slice, row by row, 0 or 1. */
  sliceMask(label: number, axis: Axis, index: number): Uint8Array {
    const { height, width } = sliceShape(this.grid.shape, axis);
    const mask = new Uint8Array(height * width);
    const [rowAxis, colAxis] = inPlaneAxes(axis);
    const first = offsetOf(this.grid, pixelToVoxel({ index, row: 0, col: 0 }, axis));
    for (let row = 0, at = 0; row < height; row++) {
      const rowStart = first + row * this.grid.steps[rowAxis];
      for (let col = 0; col < width; col++, at++) {
        if (this.labels[rowStart + col * this.grid.steps[colAxis]] === label) mask[at] = 1;
      }
    }
    return mask;
  }

  /**
   * Give an object exactly the voxels of `mask` on one slice, as the server will: those of other objects only where
   * `mayTake` says so of their label.
   */
  paint(label: number, axis: Axis, index: number, mask: Uint8Array, mayTake: (label: number) => boolean): void {
    const { height, width } = sliceShape(this.grid.shape, axis);
    for (let row = 0, at = 0; row < height; row++) {
      for (let col = 0; col < width; col++, at++) {
        const voxel = pixelToVoxel({ index, row, col }, axis);
        const offset = offsetOf(this.grid, voxel);
        const before = this.labels[offset] as number;
        const isWanted = mask[at] === 1;
        if (isWanted === (before === label) || (isWanted && before !== 0 && !mayTake(before))) continue;
        this.set(offset, isWanted ? label : 0);
        if (isWanted !== (before !== 0)) this.count(...voxel, isWanted ? 1 : -1);
      }
    }
  }

  private set(offset: number, label: number): void {
    this.labels[offset] = label;
    this.data[offset] = this.slotOf(label);
  }

  private count(i: number, j: number, k: number, change: number): void {
    const [alongI, alongJ, alongK] = this.filled;
    alongI[i] = (alongI[i] as number) + change;
    alongJ[j] = (alongJ[j] as number) + change;
    alongK[k] = (alongK[k] as number) + change;
  }
}
