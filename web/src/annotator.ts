/**
 * Everything that a user does to a session. The server owns the annotations; here is what is on its way there, and a
 * copy of the labels that follows what comes back. What the user did shows at once and is confirmed later.
 */
import { api, ConnectionError, ProblemError, type SliceTarget } from "./api.ts";
import { stampLine } from "./brush.ts";
import { EventSocket, retryDelay_ms, type SessionEvent } from "./events.ts";
import type { LabelBitmap } from "./label_bitmap.ts";
import { LabelFeed } from "./label_feed.ts";
import { enqueued, Outbox, type ClickBatch, type Outgoing, type PendingClick } from "./outbox.ts";
import { boxBetween, sliceBox, sliceShape, voxelToPixel, type PixelBox } from "./slices.ts";
import { activeObject, editingObstacle, freeLabel, isAccepted, nextActive, type SessionState } from "./state.ts";
import type { Store } from "./store.ts";
import type { Applied, Box, Command, PlacedClick, Session } from "./types.ts";
import { fromBase64 } from "./wire.ts";

const NOTICE_MS = 9000;
const UNCERTAIN = "The connection broke off before the answer came. Look whether it happened, else do it again.";

/** Whether the clicks of a batch are in force already, so that sending them again would add them twice. */
export function areInForce(batch: readonly PendingClick[], clicks: readonly PlacedClick[]): boolean {
  return batch.every((wanted) =>
    clicks.some(
      (click) =>
        click.label === wanted.label &&
        click.axis === wanted.axis &&
        click.index === wanted.index &&
        click.row === wanted.row &&
        click.col === wanted.col &&
        click.is_positive === wanted.is_positive,
    ),
  );
}

export class Annotator {
  readonly store: Store<SessionState>;
  readonly bitmap: LabelBitmap;
  private readonly upload: (box: Box) => void;
  private readonly outbox: Outbox;
  private readonly socket: EventSocket;
  private readonly feed: LabelFeed;
  private nextId = 1;
  private readonly endedJobs = new Set<string>();
  private isClosed = false;

  /** `upload` shows a box of the bitmap that has changed. */
  constructor(store: Store<SessionState>, bitmap: LabelBitmap, upload: (box: Box) => void) {
    this.store = store;
    this.bitmap = bitmap;
    this.upload = upload;
    this.feed = new LabelFeed(bitmap, {
      load: () => api.labels(this.id),
      onChanged: (box) => this.changed(box),
      onError: (error) => this.report(error),
    });
    this.outbox = new Outbox(
      (batch) => this.sendClicks(batch),
      (waiting) => store.update({ waiting }),
    );
    this.socket = new EventSocket(api.eventsUrl(this.id), {
      onOpen: (isAgain) => void this.opened(isAgain),
      onLost: () => void this.lost(),
      onEvent: (event) => this.happened(event),
      onBlock: (data) => void this.feed.take(data),
    });
  }

  /** Leave the session; queued clicks are sent before. */
  close(): void {
    this.applyQueue();
    this.isClosed = true;
    this.socket.close();
  }

  retryConnection(): void {
    this.socket.retryNow();
  }

  // What the user does

  /** Click on the slice in view; the first click of all makes an object. */
  click(row: number, col: number, is_positive: boolean): void {
    if (this.isStopped()) return;
    if (!is_positive && !this.hasSomethingHere()) {
      this.notify("info", "Click inside the object first: on this slice there is nothing to remove from.");
      return;
    }
    const label = this.ensureObject();
    const { axis, voxel, isQueueing, pending } = this.state;
    const click = { id: this.nextId++, label, axis, index: voxel[axis], row, col, is_positive };
    this.store.update({ pending: [...pending, click] });
    if (!isQueueing) this.outbox.push({ kind: "clicks", clicks: [click] });
    else this.held.push(click);
  }

  private readonly held: PendingClick[] = [];

  get heldClicks(): number {
    return this.held.length;
  }

  /** Send the queued clicks: one prediction for each object and slice. */
  applyQueue(): void {
    const batches = this.held
      .splice(0)
      .reduce<readonly Outgoing[]>((waiting, click) => enqueued(waiting, { kind: "clicks", clicks: [click] }), []);
    for (const batch of batches) this.outbox.push(batch);
    this.store.update({ pending: [...this.state.pending] });
  }

  discardQueue(): void {
    this.drop(this.held.splice(0));
  }

  setQueueing(isQueueing: boolean): void {
    if (!isQueueing) this.applyQueue();
    this.store.update({ isQueueing });
  }

  box(box: PixelBox): void {
    if (this.isStopped()) return;
    const target = this.target(this.ensureObject());
    this.push(() => api.addBox(this.id, target, box));
  }

  /** The first time one corner of a box, the second time the opposite one. */
  boxCornerAtCrosshair(): void {
    if (this.isStopped()) return;
    const { axis, voxel, boxCorner } = this.state;
    if (boxCorner === null || boxCorner[axis] !== voxel[axis]) {
      this.store.update({ boxCorner: voxel });
      return;
    }
    const box = boxBetween(voxelToPixel(boxCorner, axis), voxelToPixel(voxel, axis));
    if (box === null) return this.notify("info", "Move the crosshair to the opposite corner with Shift and the arrows.");
    this.store.update({ boxCorner: null });
    this.box(box);
  }

  /** One dab of the brush (1) or the eraser (0). */
  dabAtCrosshair(value: 0 | 1): void {
    if (this.isStopped()) return;
    const label = this.ensureObject();
    const { axis, voxel, brush_px } = this.state;
    const mask = this.bitmap.sliceMask(label, axis, voxel[axis]);
    const at = voxelToPixel(voxel, axis);
    if (stampLine(mask, sliceShape(this.bitmap.grid.shape, axis), at, at, brush_px, value) === 0) return;
    this.showStroke(label, mask);
    this.paint(label, mask);
  }

  /** Take over a mask that was made elsewhere. */
  importMask(file: File): void {
    this.push(async () => {
      const applied = await api.importMask(this.id, file);
      this.notify("info", `${file.name} is imported. Undo takes it back.`);
      return applied;
    });
  }

  /** The mask of the active object on the slice in view after a stroke; it is on the screen already. */
  paint(label: number, mask: Uint8Array): void {
    const target = this.target(label);
    this.push(() => api.paint(this.id, target, mask), () => void this.reloadLabels()); // it is not as it was shown
  }

  /** Show a stroke while it is being made. */
  showStroke(label: number, mask: Uint8Array): void {
    const { axis, voxel } = this.state;
    this.bitmap.paint(label, axis, voxel[axis], mask, this.takeable());
    this.changed(sliceBox(this.bitmap.grid.shape, axis, voxel[axis]));
  }

  command(command: Command): void {
    this.push(() => api.command(this.id, command));
  }

  /** Take the last act back; a queued click has not been sent yet, so it just goes. */
  undo(): void {
    const click = this.held.pop();
    const { job, session } = this.state;
    if (click !== undefined) this.drop([click]);
    else if (job !== null) this.isStopped();
    else if (session.can_undo || !this.isSettled) this.command({ type: "Undo" });
    else this.notify("info", "There is nothing to undo.");
  }

  redo(): void {
    const { job, session } = this.state;
    if (job !== null) this.isStopped();
    else if (session.can_redo || !this.isSettled) this.command({ type: "Redo" });
    else this.notify("info", "There is nothing to redo.");
  }

  addObject(): number {
    const label = freeLabel(this.state.session.objects, this.coming);
    this.coming.add(label);
    this.store.update({ activeLabel: label });
    const call = (): Promise<Applied> => api.command(this.id, { type: "AddObject", label, name: `Object ${label}`, colour: null });
    this.push(call, () => {
      this.coming.delete(label);
      this.store.update({ activeLabel: nextActive(this.state.session.objects, this.state.activeLabel, this.coming) });
    });
    return label;
  }

  /** Labels of objects that the server does not know yet. */
  private readonly coming = new Set<number>();

  acceptSlice(): void {
    this.applyQueue();
    const { axis, voxel, pending } = this.state;
    const index = voxel[axis];
    if (this.isSettled && isAccepted(this.state)) return this.notify("info", `Slice ${index + 1} is accepted already. Shift+Enter reopens it.`);
    const isEmpty = this.bitmap.filled[axis][index] === 0 && !pending.some((click) => click.axis === axis && click.index === index);
    if (isEmpty) this.notify("info", `Slice ${index + 1} is accepted as empty: no object is on it. Shift+Enter reopens it.`);
    this.command({ type: "AcceptSlice", axis, index });
  }

  reopenSlice(): void {
    const { axis, voxel } = this.state;
    if (this.isSettled && !isAccepted(this.state)) return this.notify("info", `Slice ${voxel[axis] + 1} is not accepted, so it is open already.`);
    this.command({ type: "ReopenSlice", axis, index: voxel[axis] });
  }

  propagate(): void {
    if (this.state.job !== null) return;
    this.applyQueue();
    const { axis, session } = this.state;
    if (this.isSettled && !session.accepted.some((slice) => slice.axis === axis)) {
      return this.notify("info", "Accept at least one slice first: press Enter where the outline is right.");
    }
    const send = async (): Promise<void> => {
      try {
        const job = await api.propagate(this.id, axis);
        if (!this.endedJobs.has(job.id)) this.store.update({ job }); // a short one may be over before the answer comes
      } catch (error) {
        this.report(error);
      }
    };
    this.outbox.push({ kind: "act", send });
  }

  /** Not through the outbox: what is to be stopped is what the others wait for. */
  async cancelPropagation(): Promise<void> {
    const { job } = this.state;
    if (job === null) return;
    this.store.update({ job: { ...job, state: "cancelling" } });
    try {
      await api.cancelPropagation(this.id);
    } catch (error) {
      const hasEnded = error instanceof ProblemError && error.status === 404; // just now: nothing left to cancel
      if (!hasEnded) this.report(error);
    }
  }

  notify(kind: "info" | "error", text: string, advice: string | null = null): void {
    const notice = { id: this.nextId++, kind, text, advice };
    const others = this.state.notices.filter((other) => other.text !== text);
    this.store.update({ notices: [...others, notice].slice(-3) });
    setTimeout(() => this.dismiss(notice.id), NOTICE_MS);
  }

  dismiss(id: number): void {
    this.store.update({ notices: this.state.notices.filter((notice) => notice.id !== id) });
  }

  report(error: unknown): void {
    if (error instanceof ProblemError && error.status === 401) this.store.update({ connection: "refused" });
    else if (error instanceof ProblemError) this.notify("error", error.message, error.problem.advice ?? null);
    else this.notify("error", error instanceof Error ? error.message : String(error));
  }

  /** The labels of the whole volume anew. */
  reloadLabels(): Promise<void> {
    return this.feed.reload();
  }

  /** Whether something that the user did is not with the server yet. */
  get hasUnsent(): boolean {
    return this.heldClicks > 0 || this.state.waiting > 0;
  }

  /** Why the slice in view cannot be changed, said to the user; true if there is a reason. */
  isStopped(): boolean {
    const obstacle = editingObstacle(this.state);
    if (obstacle !== null) this.notify("info", obstacle);
    return obstacle !== null;
  }

  /** Whether the session is as the user last made it: nothing is on its way. */
  private get isSettled(): boolean {
    return this.state.waiting === 0;
  }

  private get state(): SessionState {
    return this.store.state;
  }

  private get id(): string {
    return this.store.state.session.id;
  }

  /** The active object, made where there is none. */
  ensureObject(): number {
    return activeObject(this.state)?.label ?? this.state.activeLabel ?? this.addObject();
  }

  /** Whether the active object has voxels, or clicks that add some, on the slice in view. */
  private hasSomethingHere(): boolean {
    const { activeLabel: label, axis, voxel, session, pending } = this.state;
    if (label === null) return false;
    const index = voxel[axis];
    const isHere = (click: PlacedClick): boolean =>
      click.is_positive && click.label === label && click.axis === axis && click.index === index;
    return [...session.clicks, ...pending].some(isHere) || this.bitmap.sliceMask(label, axis, index).includes(1);
  }

  private target(label: number): SliceTarget {
    const { axis, voxel } = this.state;
    return { label, axis, index: voxel[axis] };
  }

  /** Whether a stroke may take voxels of an object with this label. */
  private takeable(): (label: number) => boolean {
    const { objects, overlap_rule } = this.state.session;
    if (overlap_rule === "keep_existing") return () => false;
    const locked = new Set(objects.filter((item) => item.is_locked).map(({ label }) => label));
    return (label) => !locked.has(label);
  }

  // What is on its way

  private push(call: () => Promise<Applied>, onFailure: () => void = () => undefined): void {
    const send = async (): Promise<void> => {
      try {
        this.applied(await this.answered(call));
      } catch (error) {
        this.report(error);
        onFailure();
      }
    };
    this.outbox.push({ kind: "act", send });
  }

  /** Send until there is an answer; not again where it may have happened without one. */
  private async answered(call: () => Promise<Applied>): Promise<Applied> {
    for (;;) {
      const { seq } = this.state.session;
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ConnectionError) || this.isClosed) throw error;
        await this.untilOnline();
        if (this.state.session.seq !== seq) throw new ConnectionError(UNCERTAIN);
      }
    }
  }

  private async sendClicks({ clicks }: ClickBatch): Promise<void> {
    const { label, axis, index } = clicks[0] as PendingClick;
    for (;;) {
      try {
        this.applied(await api.addClicks(this.id, { label, axis, index }, clicks.map(plain)));
        break;
      } catch (error) {
        if (!(error instanceof ConnectionError) || this.isClosed) {
          this.report(error);
          break;
        }
        await this.untilOnline();
        if (areInForce(clicks, this.state.session.clicks)) break;
      }
    }
    this.drop(clicks);
  }

  /** Wait until the server answers again; the session is as it says then. */
  private async untilOnline(): Promise<void> {
    for (let trial = 0; !this.isClosed; trial++) {
      await new Promise((resolve) => setTimeout(resolve, retryDelay_ms(trial)));
      if (await this.refresh()) return;
    }
  }

  private drop(clicks: readonly PendingClick[]): void {
    const gone = new Set(clicks.map(({ id }) => id));
    this.store.update({ pending: this.state.pending.filter(({ id }) => !gone.has(id)) });
  }

  // What comes back

  private applied({ state, block }: Applied): void {
    if (block !== null) void this.feed.take(fromBase64(block));
    this.takeSession(state);
  }

  private takeSession(session: Session): void {
    if (session.seq < this.state.session.seq) return; // a slow answer, overtaken by an event
    for (const { label } of session.objects) this.coming.delete(label);
    const activeLabel = nextActive(session.objects, this.state.activeLabel, this.coming);
    this.store.update({ session, job: session.job, activeLabel });
  }

  private happened(event: SessionEvent): void {
    if (event.type === "state") this.takeSession(event.session);
    else if (event.type === "progress") this.takeProgress(event.job);
    else if (event.type === "problem") this.notify("error", event.problem?.detail ?? event.detail ?? "Unknown problem");
    else this.jobEnded(event);
  }

  private takeProgress(job: SessionState["job"]): void {
    const isCancelling = this.state.job?.state === "cancelling" && this.state.job.id === job?.id;
    this.store.update({ job: job && isCancelling ? { ...job, state: "cancelling" } : job });
  }

  private jobEnded(event: Extract<SessionEvent, { type: "job_ended" }>): void {
    this.endedJobs.add(event.job_id);
    this.store.update({ job: null });
    if (event.state === "failed") {
      this.notify("error", event.problem?.detail ?? "Propagation failed.", event.problem?.advice ?? null);
    } else {
      this.notify("info", event.state === "done" ? "Propagation is done." : "Propagation was cancelled.");
    }
    if (event.state !== "done") void this.reloadLabels(); // the preview goes
  }

  private changed(box: Box): void {
    this.upload(box);
    this.store.update({ drawingVersion: this.state.drawingVersion + 1 });
  }

  // The connection

  private async opened(isAgain: boolean): Promise<void> {
    this.store.update({ connection: "online" });
    if (!isAgain) return;
    if (await this.refresh()) await this.reloadLabels();
  }

  private async lost(): Promise<void> {
    if (this.state.connection === "online") this.store.update({ connection: "lost" });
    await this.refresh();
  }

  /** Ask for the session; whether the server answered. */
  private async refresh(): Promise<boolean> {
    try {
      this.takeSession(await api.session(this.id));
      return true;
    } catch (error) {
      if (!(error instanceof ConnectionError)) this.report(error);
      return false;
    }
  }
}

function plain({ row, col, is_positive }: PendingClick): { row: number; col: number; is_positive: boolean } {
  return { row, col, is_positive };
}
