/** The values that server and browser exchange; field names are those of the HTTP interface. */

export type Axis = 0 | 1 | 2;

/** (i, j, k): indices along the axes of the file's own grid. */
export type Voxel = readonly [number, number, number];

/** Half-open block of voxels. */
export interface Box {
  readonly start: Voxel;
  readonly stop: Voxel;
}

export interface Click {
  readonly row: number;
  readonly col: number;
  readonly is_positive: boolean;
}

export interface PlacedClick extends Click {
  readonly label: number;
  readonly axis: Axis;
  readonly index: number;
}

export interface SegmentObject {
  readonly label: number;
  readonly name: string;
  /** As "#rrggbb". */
  readonly colour: string;
  readonly is_locked: boolean;
  readonly is_visible: boolean;
  readonly voxels: number;
  readonly volume_ml: number;
}

export interface SliceRef {
  readonly axis: Axis;
  readonly index: number;
}

export type OverlapRule = "keep_existing" | "replace_existing";

export interface Job {
  readonly id: string;
  readonly kind: "propagation";
  readonly axis: Axis;
  readonly done: number;
  readonly total: number;
  readonly state: "waiting" | "running" | "cancelling";
}

export interface Suggestion {
  readonly index: number;
  readonly reason: string;
  /** Rise of the predicted Dice, averaged over objects. */
  readonly gain: number;
}

export interface Advice {
  readonly axis: Axis;
  readonly next: readonly Suggestion[];
  /** By label. */
  readonly predicted_dice: Readonly<Record<string, number>>;
  readonly stop: boolean;
}

export interface IntensityWindow {
  readonly low: number;
  readonly high: number;
}

export interface Session {
  readonly id: string;
  readonly scan: string;
  readonly name: string;
  /** Of the scan: nifti, dicom and so on. */
  readonly kind: string;
  readonly shape: Voxel;
  readonly spacing_mm: Voxel;
  readonly affine: readonly (readonly number[])[];
  readonly seq: number;
  readonly can_undo: boolean;
  readonly can_redo: boolean;
  readonly overlap_rule: OverlapRule;
  readonly window: IntensityWindow;
  readonly objects: readonly SegmentObject[];
  readonly accepted: readonly SliceRef[];
  readonly clicks: readonly PlacedClick[];
  readonly job: Job | null;
  readonly advice: Advice | null;
}

export interface Applied {
  readonly is_applied: boolean;
  readonly seq: number | null;
  readonly state: Session;
  readonly changed: Box | null;
  /** Base64 of a label block; null where no voxel changed. */
  readonly block: string | null;
}

export interface ScanSummary {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly size_bytes: number;
  readonly modified_utc: string;
  /** Its files do not say how far apart the voxels are, and nobody else did so far. */
  readonly needs_spacing: boolean;
  readonly session: { readonly changed_utc: string; readonly objects: number; readonly accepted: number; readonly names: readonly string[] } | null;
}

export interface About {
  readonly version: string;
  readonly user: string | null;
  readonly device: string;
  readonly click_weights: string;
  readonly propagation_weights: string;
  readonly method: string;
  /** What the server offers to those without a scan; null where it has none. */
  readonly sample: string | null;
}

export interface AdaptationRun {
  readonly state: "preparing" | "learning" | "cancelling";
  readonly user: string;
  readonly cases: number;
  readonly minutes: number;
  readonly seconds: number;
  /** At most; null before the first measurement. */
  readonly seconds_left: number | null;
  /** Mean clicks with the present weights, and with the best so far. */
  readonly before: number | null;
  readonly best: number | null;
}

export interface AdaptationEnd {
  readonly state: "better" | "no better" | "cancelled" | "failed";
  readonly detail: string | null;
  readonly before: number | null;
  readonly after: number | null;
}

export interface AdaptedWeights {
  readonly measure: string;
  readonly before: number;
  readonly after: number;
  readonly cases: readonly string[];
  readonly user: string;
  readonly made_utc: string;
  readonly is_in_use: boolean;
}

export interface Adaptation {
  /** Why the network cannot be adapted here, and what to do. */
  readonly obstacle: string | null;
  /** Scans with accepted slices. */
  readonly cases: number;
  readonly click_weights: string;
  readonly run: AdaptationRun | null;
  readonly last: AdaptationEnd | null;
  readonly result: AdaptedWeights | null;
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly advice?: string;
}

/** The commands that have no route of their own. */
export type Command =
  | { type: "AddObject"; label: number; name: string; colour: string | null }
  | { type: "RenameObject"; label: number; name: string }
  | { type: "RecolourObject"; label: number; colour: string }
  | { type: "SetObjectLocked"; label: number; is_locked: boolean }
  | { type: "SetObjectVisible"; label: number; is_visible: boolean }
  | { type: "RemoveObject"; label: number }
  | { type: "ClearClicks"; label: number; axis: Axis; index: number }
  | { type: "AcceptSlice"; axis: Axis; index: number }
  | { type: "ReopenSlice"; axis: Axis; index: number }
  | { type: "SetOverlapRule"; rule: OverlapRule }
  | { type: "SetWindow"; low: number; high: number }
  | { type: "Undo" }
  | { type: "Redo" };
