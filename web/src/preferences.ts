/** What this browser remembers: how things look, never what was annotated. */
import type { Lesson } from "./hints.ts";
import type { SessionState } from "./state.ts";

export type Preferences = Pick<
  SessionState,
  "layout" | "opacity" | "isOutline" | "isSmooth" | "isRadiological" | "brush_px"
>;

const DEFAULTS: Preferences = {
  layout: "main",
  opacity: 0.45,
  isOutline: false,
  isSmooth: true,
  isRadiological: true,
  brush_px: 4,
};

const KEY = "isegformer.view";
const LESSONS_KEY = "isegformer.lessons";

export function loadPreferences(): Preferences {
  return { ...DEFAULTS, ...(read(KEY) as Partial<Preferences> | null) };
}

const KEYS = Object.keys(DEFAULTS) as (keyof Preferences)[];

/** The values that are remembered, in a fixed order. */
export function preferenceValues(state: SessionState): readonly unknown[] {
  return KEYS.map((key) => state[key]);
}

export function savePreferences(state: SessionState): void {
  write(KEY, Object.fromEntries(KEYS.map((key) => [key, state[key]])));
}

export function loadLessons(): Set<Lesson> {
  return new Set((read(LESSONS_KEY) as Lesson[] | null) ?? []);
}

export function saveLessons(lessons: ReadonlySet<Lesson>): void {
  write(LESSONS_KEY, [...lessons]);
}

/** Browsers may refuse storage, in private windows for instance; then nothing is remembered. */
function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    return; // as in `read`
  }
}
