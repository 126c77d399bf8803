/** What a session page shows: the server's session, and what belongs to this window only. */
import type { PendingClick } from "./outbox.ts";
import type { Layout } from "./tiles.ts";
import type { Axis, IntensityWindow, Job, SegmentObject, Session, Voxel } from "./types.ts";

export type Tool = "click" | "box" | "brush" | "eraser" | "pan" | "window";

/** "lost": looking for the server again. "refused": the server does not know this browser (any more). */
export type Connection = "online" | "lost" | "refused";

export interface Notice {
  readonly id: number;
  readonly kind: "info" | "error";
  readonly text: string;
  /** What to do about it. */
  readonly advice: string | null;
}

export interface SessionState {
  readonly session: Session;
  /** Name of the click weights that the server works with. */
  readonly clickWeights: string;
  readonly connection: Connection;
  readonly job: Job | null;
  /** Requests that wait for an answer. */
  readonly waiting: number;
  /** Clicks that the server has not confirmed, oldest first. */
  readonly pending: readonly PendingClick[];
  readonly isQueueing: boolean;
  readonly notices: readonly Notice[];

  readonly activeLabel: number | null;
  /** Across which axis of the file the user works: clicks, accepted slices and propagation are about its slices. */
  readonly axis: Axis;
  readonly voxel: Voxel;
  readonly hovered: Voxel | null;
  readonly tool: Tool;
  readonly brush_px: number;
  /** First corner of a box that is made with keys. */
  readonly boxCorner: Voxel | null;
  readonly layout: Layout;
  readonly window: IntensityWindow;
  readonly opacity: number;
  readonly isOutline: boolean;
  readonly isHidden: boolean;
  readonly isSmooth: boolean;
  readonly isRadiological: boolean;
  /** Rises whenever voxels of the label map change. */
  readonly drawingVersion: number;
}

export const BRUSH_RANGE_PX = { least: 0, most: 40 } as const;

export function activeObject(state: SessionState): SegmentObject | null {
  return state.session.objects.find(({ label }) => label === state.activeLabel) ?? null;
}

export function isAccepted(state: SessionState, index = state.voxel[state.axis]): boolean {
  return state.session.accepted.some((slice) => slice.axis === state.axis && slice.index === index);
}

/** Why the voxels of the slice in view cannot be changed, for a person; null where they can. */
export function editingObstacle(state: SessionState): string | null {
  const object = activeObject(state);
  if (state.connection === "refused") return "This browser is signed out";
  if (state.job !== null) return "Propagation is under way: wait, or press Esc to cancel it";
  if (isAccepted(state)) return "This slice is accepted: press Shift+Enter to reopen it";
  if (object?.is_locked) return `“${object.name}” is locked: press L to unlock it`;
  if (object?.is_visible === false) return `“${object.name}” is hidden: press V to show it`;
  if (state.isHidden) return "Masks are off: press M to show them";
  return null;
}

/** The object to work on: still the same where it is there or `coming`, else the first one. */
export function nextActive(
  objects: readonly SegmentObject[],
  activeLabel: number | null,
  coming: ReadonlySet<number>,
): number | null {
  const isThere = activeLabel !== null && (coming.has(activeLabel) || objects.some(({ label }) => label === activeLabel));
  return isThere ? activeLabel : (objects[0]?.label ?? null);
}

/** The lowest label that no object has, also none that is `coming`. */
export function freeLabel(objects: readonly SegmentObject[], coming: ReadonlySet<number>): number {
  const taken = new Set([...objects.map(({ label }) => label), ...coming]);
  let label = 1;
  while (taken.has(label)) label++;
  return label;
}
