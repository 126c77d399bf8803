/**
 * What the user did, on its way to the server: one request at a time, in order. Clicks that arrive while another
 * request is under way are gathered: all clicks of one object on one slice travel together and cost one prediction,
 * so the newest click never waits for predictions that nobody will see.
 */
import type { Axis } from "./types.ts";

export interface PendingClick {
  readonly id: number;
  readonly label: number;
  readonly axis: Axis;
  readonly index: number;
  readonly row: number;
  readonly col: number;
  readonly is_positive: boolean;
}

export interface ClickBatch {
  readonly kind: "clicks";
  readonly clicks: readonly PendingClick[];
}

export interface Act {
  readonly kind: "act";
  readonly send: () => Promise<void>;
}

export type Outgoing = ClickBatch | Act;

/** `waiting` with `item` behind it; clicks join the last batch if it is about the same object and slice. */
export function enqueued(waiting: readonly Outgoing[], item: Outgoing): readonly Outgoing[] {
  const last = waiting.at(-1);
  if (item.kind === "clicks" && last?.kind === "clicks" && isSameTarget(last, item)) {
    return [...waiting.slice(0, -1), { kind: "clicks", clicks: [...last.clicks, ...item.clicks] }];
  }
  return [...waiting, item];
}

function isSameTarget(a: ClickBatch, b: ClickBatch): boolean {
  const [one, other] = [a.clicks[0], b.clicks[0]];
  return one?.label === other?.label && one?.axis === other?.axis && one?.index === other?.index;
}

export class Outbox {
  private waiting: readonly Outgoing[] = [];
  private isSending = false;
  private readonly sendClicks: (batch: ClickBatch) => Promise<void>;
  private readonly onCount: (count: number) => void;

  /** `sendClicks` must deal with its own errors; so must the acts that are pushed. */
  constructor(sendClicks: (batch: ClickBatch) => Promise<void>, onCount: (count: number) => void) {
    this.sendClicks = sendClicks;
    this.onCount = onCount;
  }

  push(item: Outgoing): void {
    this.waiting = enqueued(this.waiting, item);
    void this.drain();
  }

  private async drain(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      for (let item = this.waiting[0]; item !== undefined; item = this.waiting[0]) {
        this.waiting = this.waiting.slice(1);
        this.onCount(this.waiting.length + 1);
        await (item.kind === "clicks" ? this.sendClicks(item) : item.send());
      }
    } finally {
      this.isSending = false;
      this.onCount(this.waiting.length);
    }
  }
}
