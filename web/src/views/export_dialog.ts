/** Which file to make of the session. */
import type { Annotator } from "../annotator.ts";
import { api, saveFile } from "../api.ts";
import { h } from "../dom.ts";
import type { Session } from "../types.ts";
import { openDialog } from "./dialog.ts";

interface Format {
  readonly name: string;
  readonly text: string;
  readonly hint: string;
  /** Surfaces are made of one object each. */
  readonly needsObject: boolean;
  /** The only kind of scan that it can be made of. */
  readonly onlyOf?: string;
}

const FORMATS: readonly Format[] = [
  { name: "nifti", text: "NIfTI (.nii.gz)", hint: "Label map on the exact grid of the scan", needsObject: false },
  { name: "nrrd", text: "NRRD (.nrrd)", hint: "Label map with names and colours, for 3D Slicer", needsObject: false },
  { name: "metaimage", text: "MetaImage (.mha)", hint: "Label map for ITK-based programs", needsObject: false },
  { name: "dicom-seg", text: "DICOM Segmentation (.dcm)", hint: "Refers to the images of the series", needsObject: false, onlyOf: "dicom" },
  { name: "stl", text: "Surface (.stl)", hint: "One object as triangles, in mm", needsObject: true },
  { name: "ply", text: "Surface (.ply)", hint: "One object as triangles, in mm", needsObject: true },
  { name: "csv", text: "Measurements (.csv)", hint: "Volume and surface area of each object", needsObject: false },
];

export function showExport(annotator: Annotator): void {
  const { session } = annotator.store.state;
  const object = objectChoice(session);
  const possible = FORMATS.filter(({ onlyOf }) => onlyOf === undefined || onlyOf === session.kind);
  const formats = possible.map((format, at) => formatChoice(format, at === 0));
  const form = h(
    "form",
    { class: "stack", method: "dialog" },
    h("fieldset", { class: "formats" }, h("legend", {}, "Format"), ...formats),
    h("div", { class: "labelled" }, h("label", { for: "export-object" }, "Objects"), object),
    h("div", { class: "dialog-buttons" }, h("button", { type: "submit", class: "button primary" }, "Save file")),
  );
  form.addEventListener("change", () => allowAll(object, chosen(form)));
  form.addEventListener("submit", () => {
    const { value } = object;
    const objects = value === "all" || value === "each" ? value : Number(value);
    void save(annotator, api.exportUrl(session.id, chosen(form).name, objects));
  });
  openDialog("Export", form);
}

function chosen(form: HTMLFormElement): Format {
  const name = new FormData(form).get("format");
  return FORMATS.find((format) => format.name === name) as Format;
}

function formatChoice({ name, text, hint }: Format, isFirst: boolean): HTMLElement {
  const radio = h("input", { type: "radio", name: "format", value: name, checked: isFirst, autofocus: isFirst });
  return h("label", { class: "choice" }, radio, h("span", {}, text), h("span", { class: "quiet small" }, hint));
}

function objectChoice(session: Session): HTMLSelectElement {
  return h(
    "select",
    { class: "field", id: "export-object" },
    h("option", { value: "all" }, "All in one file"),
    h("option", { value: "each" }, "Each in a file of its own (.zip)"),
    ...session.objects.map(({ label, name }) => h("option", { value: label }, `${name} only`)),
  );
}

/** Take "all" away where a file can hold one object only. */
function allowAll(select: HTMLSelectElement, { needsObject }: Format): void {
  (select.options[0] as HTMLOptionElement).disabled = needsObject;
  if (needsObject && select.value === "all") select.value = "each";
}

async function save(annotator: Annotator, url: string): Promise<void> {
  try {
    annotator.notify("info", `Saved ${await saveFile(url)}.`);
  } catch (error) {
    annotator.report(error);
  }
}
