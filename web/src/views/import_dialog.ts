/** Taking over a mask that was made elsewhere. */
import type { Annotator } from "../annotator.ts";
import { h } from "../dom.ts";
import { openDialog } from "./dialog.ts";

const EXPLANATION =
  "Every value in the file becomes an object; those that are here already under the same number are replaced. The file must lie on the grid of this scan. Undo takes the import back.";

export function showImport(annotator: Annotator): void {
  const file = h("input", { type: "file", class: "field", id: "mask-file", accept: ".nii,.gz,.nrrd,.mha", required: true, autofocus: true });
  const form = h(
    "form",
    { class: "stack", method: "dialog" },
    h("p", {}, EXPLANATION),
    h("div", { class: "labelled" }, h("label", { for: "mask-file" }, "Mask (.nii.gz, .nrrd, .mha)"), file),
    h("div", { class: "dialog-buttons" }, h("button", { type: "submit", class: "button primary" }, "Import")),
  );
  form.addEventListener("submit", () => {
    const [chosen] = file.files ?? [];
    if (chosen !== undefined) annotator.importMask(chosen);
  });
  openDialog("Import a mask", form);
}
