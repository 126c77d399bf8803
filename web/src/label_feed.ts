/**
 * The labels as they come from the server: in answers, as events, and whole. The same block may come twice, and an
 * answer may be overtaken by an event; the number of the session that a block carries tells.
 */
import type { LabelBitmap } from "./label_bitmap.ts";
import type { Box } from "./types.ts";
import { decodeBlock, type LabelBlock } from "./wire.ts";

export interface FeedParts {
  /** Fetch the block of the whole volume. */
  readonly load: () => Promise<ArrayBuffer>;
  readonly onChanged: (box: Box) => void;
  readonly onError: (error: unknown) => void;
}

export class LabelFeed {
  private readonly bitmap: LabelBitmap;
  private readonly parts: FeedParts;
  private line: Promise<void> = Promise.resolve();
  private newestSeq = 0;
  private readonly seen = new Set<string>();

  constructor(bitmap: LabelBitmap, parts: FeedParts) {
    this.bitmap = bitmap;
    this.parts = parts;
  }

  /** Apply a block, after those that came before it. */
  take(data: ArrayBuffer): Promise<void> {
    const decoded = decodeBlock(data); // side by side: slices of a propagation come faster than one could wait for
    decoded.catch(() => undefined); // told in its turn
    return this.inTurn(async () => this.apply(await decoded));
  }

  /** The labels of the whole volume anew; blocks that come in the meantime are applied after them. */
  reload(): Promise<void> {
    return this.inTurn(() => this.loadAll());
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    this.line = this.line.then(task).catch((error: unknown) => this.parts.onError(error));
    return this.line;
  }

  private async apply(block: LabelBlock): Promise<void> {
    if (!block.isPreview) {
      const name = JSON.stringify([block.seq, block.box]);
      if (this.seen.has(name)) return; // it came in the answer and as an event
      this.seen.add(name);
      if (block.seq < this.newestSeq) return this.loadAll(); // overtaken by a newer one: which voxels are right?
      this.newestSeq = block.seq;
    }
    this.show(block);
  }

  private async loadAll(): Promise<void> {
    const block = await decodeBlock(await this.parts.load());
    this.newestSeq = block.seq;
    this.show(block);
  }

  private show(block: LabelBlock): void {
    this.bitmap.apply(block);
    this.parts.onChanged(block.box);
  }
}
