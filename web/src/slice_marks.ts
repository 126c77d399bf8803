/** What is known of each slice, for the slice bar. */
import type { Advice, Axis, Session } from "./types.ts";

export type SliceMark = "empty" | "propagated" | "draft" | "annotated";

export interface SliceMarks {
  /** One for each slice: `draft` has clicks and is not accepted, `propagated` has voxels only. */
  readonly marks: readonly SliceMark[];
  /** Where annotating helps most; null where nothing is known. */
  readonly suggested: number | null;
  /** Other slices that are probably wrong. */
  readonly uncertain: readonly number[];
}

export function sliceMarks(
  session: Pick<Session, "accepted" | "clicks" | "advice">,
  axis: Axis,
  filled: Uint32Array,
): SliceMarks {
  const marks = Array.from(filled, (count): SliceMark => (count > 0 ? "propagated" : "empty"));
  for (const click of session.clicks) if (click.axis === axis) marks[click.index] = "draft";
  for (const slice of session.accepted) if (slice.axis === axis) marks[slice.index] = "annotated";
  const open = openSuggestions(session.advice, axis).filter((index) => marks[index] !== "annotated");
  return { marks, suggested: open[0] ?? null, uncertain: open.slice(1) };
}

function openSuggestions(advice: Advice | null, axis: Axis): readonly number[] {
  return advice === null || advice.axis !== axis ? [] : advice.next.map(({ index }) => index);
}

/** The next annotated slice in a direction, or null. */
export function neighbourAnnotated(marks: readonly SliceMark[], from: number, direction: 1 | -1): number | null {
  for (let index = from + direction; index >= 0 && index < marks.length; index += direction) {
    if (marks[index] === "annotated" || marks[index] === "draft") return index;
  }
  return null;
}
