/** What a person is told about adapting. */
import { count } from "./format.ts";
import type { AdaptationEnd, AdaptationRun, AdaptedWeights } from "./types.ts";

/** "9.0 clicks before, 6.5 after: 28 % fewer". */
export function gainText(before: number, after: number): string {
  const share = Math.round((100 * (before - after)) / before);
  const words = share > 0 ? `${share} % fewer` : share < 0 ? `${-share} % more` : "as many";
  return `${before.toFixed(1)} clicks before, ${after.toFixed(1)} after: ${words}`;
}

export function runText({ state, before, best, seconds_left, cases }: AdaptationRun): string {
  if (state === "cancelling") return "Cancelling …";
  if (state === "preparing") return `Collecting the accepted slices of ${count(cases, "scan")} …`;
  if (before === null || best === null) return "Measuring the present network …";
  const left = seconds_left === null || seconds_left <= 0 ? "" : ` · at most ${Math.max(1, Math.round(seconds_left / 60))} min left`;
  return `${gainText(before, best)} so far${left}`;
}

/** How far a run is, from 0 to 1; null where that is not known. */
export function runShare({ state, seconds, seconds_left }: AdaptationRun): number | null {
  if (state !== "learning" || seconds_left === null) return null;
  return seconds / Math.max(1, seconds + seconds_left);
}

export function endText(end: AdaptationEnd): string {
  switch (end.state) {
    case "better":
      return "Done: the adapted network does better on the slices that were kept back.";
    case "no better":
      return "Done: adapting brought nothing better, so all stays as it is. More accepted slices may help.";
    case "cancelled":
      return "Cancelled; nothing has changed.";
    case "failed":
      return `This did not work: ${end.detail ?? "the server's log says more"}`;
  }
}

export function resultText({ before, after, cases, user, made_utc }: AdaptedWeights): string {
  return `${gainText(before, after)}. From ${count(cases.length, "scan")}, by ${user}, ${made_utc.slice(0, 10)}.`;
}
