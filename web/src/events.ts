/** The events of a session, over a socket that comes back by itself. */
import type { Job, Problem, Session } from "./types.ts";

export type SessionEvent =
  | { type: "state"; session: Session }
  | { type: "progress"; job: Job }
  | { type: "job_ended"; job_id: string; state: "done" | "cancelled" | "failed"; problem?: Problem }
  | { type: "problem"; problem?: Problem; detail?: string };

export interface EventHandlers {
  /** The socket is open; `isAgain`: it was before, so events may have been missed. */
  readonly onOpen: (isAgain: boolean) => void;
  readonly onLost: () => void;
  readonly onEvent: (event: SessionEvent) => void;
  readonly onBlock: (data: ArrayBuffer) => void;
}

/** How long to wait before trial number `trial`, counted from 0. */
export function retryDelay_ms(trial: number): number {
  return Math.min(8000, 400 * 2 ** trial);
}

export class EventSocket {
  private socket: WebSocket | null = null;
  private trial = 0;
  private wasOpen = false;
  private isClosed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly url: string;
  private readonly handlers: EventHandlers;

  constructor(url: string, handlers: EventHandlers) {
    this.url = url;
    this.handlers = handlers;
    this.connect();
  }

  /** Try at once, for instance because the machine woke up. */
  retryNow(): void {
    if (this.socket !== null || this.isClosed) return;
    clearTimeout(this.timer);
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.trial = 0;
      this.handlers.onOpen(this.wasOpen);
      this.wasOpen = true;
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.handlers.onBlock(data);
      else this.handlers.onEvent(JSON.parse(data as string) as SessionEvent);
    };
    socket.onclose = () => this.lost();
  }

  private lost(): void {
    this.socket = null;
    if (this.isClosed) return;
    this.handlers.onLost();
    this.timer = setTimeout(() => this.connect(), retryDelay_ms(this.trial++));
  }
}
