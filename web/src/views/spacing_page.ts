/** The page that asks how far apart the voxels of a scan are, where its files do not say. */
import { api } from "../api.ts";
import { h } from "../dom.ts";
import { spacingOf } from "../format.ts";
import type { Problem } from "../types.ts";

const EXPLANATION =
  "Volumes, propagation and the files that you export rest on these distances. Ask whoever made the scan if you do not know them: they cannot be changed later.";
const FIELDS = ["Between columns (x), mm", "Between rows (y), mm", "Between slices (z), mm"];

/** Whether a scan could not be opened for want of a spacing. */
export function asksForSpacing(problem: Problem): boolean {
  return problem.type === "urn:isegformer:problem:spacing-missing";
}

/** `onGiven` is called once the server has the spacing. */
export function spacingPage(scan: string, onGiven: () => void): HTMLElement {
  const fields = FIELDS.map((_, axis) =>
    h("input", { class: "field", id: `spacing-${axis}`, inputmode: "decimal", autocomplete: "off", required: true }),
  );
  const words = h("p", { class: "quiet", role: "alert" });
  const open = h("button", { type: "submit", class: "button primary" }, "Open");
  const form = h(
    "form",
    { class: "stack" },
    ...fields.map((field, axis) => h("div", { class: "labelled" }, h("label", { for: field.id }, FIELDS[axis] ?? ""), field)),
    words,
    h("div", { class: "dialog-buttons" }, open, h("a", { class: "button", href: "#" }, "All scans")),
  );
  const give = async (): Promise<void> => {
    const spacing = spacingOf(fields.map((field) => field.value));
    words.textContent = spacing === null ? "Three numbers above 0 are needed, such as 0.7, 0.7 and 2.5." : "Opening …";
    if (spacing === null) return;
    open.disabled = true;
    try {
      await api.giveSpacing(scan, spacing);
      onGiven();
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
      open.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void give();
  });
  return h("main", { class: "page-state" }, h("h1", {}, "How far apart are the voxels?"), h("p", {}, "The files of this scan do not say it."), h("p", { class: "quiet" }, EXPLANATION), form);
}
