/** One sentence at the place where it helps, until the user has done once what it is about. */
import { activeObject, isAccepted, type SessionState } from "./state.ts";

export type Lesson = "click" | "queue" | "correct" | "accept" | "propagate" | "suggested";

export interface Hint {
  readonly lesson: Lesson;
  readonly text: string;
}

/** The hint for what is on the screen; null where the user knows what to do. */
export function hintFor(state: SessionState, learnt: ReadonlySet<Lesson>): Hint | null {
  if (state.job !== null || state.connection !== "online" || state.layout === "render") return null;
  const hint = nextLesson(state);
  return hint === null || learnt.has(hint.lesson) ? null : hint;
}

function nextLesson(state: SessionState): Hint | null {
  const { session, axis, voxel, pending } = state;
  const onSlice = [...session.clicks, ...pending].filter((click) => click.axis === axis && click.index === voxel[axis]);
  const accepted = session.accepted.filter((slice) => slice.axis === axis).length;
  if (state.isQueueing && pending.length > 0) {
    return { lesson: "queue", text: "Press Space to apply the queued clicks together, Esc to drop them." };
  }
  if (state.tool === "click" && accepted === 0 && onSlice.length === 0) {
    return { lesson: "click", text: "Click inside the structure that you want to segment." };
  }
  if (onSlice.length === 1) {
    return { lesson: "correct", text: "Click to add what is missing, right-click to remove what is too much." };
  }
  if (onSlice.length > 1 && !isAccepted(state)) {
    return { lesson: "accept", text: "Is the outline right? Press Enter to accept the slice." };
  }
  if (accepted >= 1 && isAccepted(state) && session.advice === null) {
    const text = "Accept a slice near each end of the structure too, then press Ctrl+Enter to propagate.";
    return { lesson: "propagate", text };
  }
  if (session.advice !== null && session.advice.next.length > 0 && activeObject(state) !== null) {
    return { lesson: "suggested", text: "Press N to go to the slice where a correction helps most." };
  }
  return null;
}
