/** Where new scans come in: files or folders, chosen or dropped. */
import { upload } from "../api.ts";
import { h, icon } from "../dom.ts";
import { count } from "../format.ts";
import { chosenFiles, droppedFiles, shipments, type ChosenFile, type Shipment } from "../sent_files.ts";
import { zipOf } from "../zip.ts";

export interface DropZone {
  readonly element: HTMLElement;
  readonly take: (files: readonly ChosenFile[]) => Promise<void>;
}

export function dropZone(onUploaded: () => void): DropZone {
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const words = h("p", { class: "quiet small", "aria-live": "polite" }, "NIfTI, NRRD, MetaImage, or a DICOM series: its folder, its files, or a .zip of them");
  const say = (text: string, share: number): void => {
    words.textContent = text;
    bar.value = share;
  };
  const take = async (files: readonly ChosenFile[]): Promise<void> => {
    const waiting = shipments(files);
    if (waiting.length === 0) return;
    bar.hidden = false;
    try {
      for (const shipment of waiting) say(`${await send(shipment, say)} is here.`, 1);
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      bar.hidden = true;
      onUploaded();
    }
  };
  const element = h(
    "div",
    { class: "drop" },
    icon("upload"),
    h("p", {}, "Drop a scan or a folder here"),
    h("div", { class: "dialog-buttons" }, ...field("upload", "Choose files", { multiple: true, accept: ".nii,.gz,.nrrd,.mha,.zip,.dcm,.dicom,.ima" }, take), ...field("upload-folder", "Choose a DICOM folder", { webkitdirectory: true }, take)),
    bar,
    words,
  );
  return { element, take };
}

/** Upload one scan; returns what the server calls it. */
async function send({ name, files }: Shipment, say: (text: string, share: number) => void): Promise<string> {
  const uploading = (share: number): void => say(`Uploading ${name} …`, share);
  const [first] = files;
  if (files.length === 1 && first !== undefined) return (await upload(first.file, name, uploading)).name;
  const members = files.map(({ file }, at) => ({ name: `${at}.dcm`, content: file }));
  const archive = await zipOf(members, (share) => say(`Packing ${count(files.length, "file")} …`, share));
  return (await upload(archive, name, uploading)).name;
}

/** A file field that looks like a button. */
function field(id: string, text: string, attributes: Readonly<Record<string, string | boolean>>, take: DropZone["take"]): HTMLElement[] {
  const input = h("input", { type: "file", class: "hidden-input", id, ...attributes });
  input.addEventListener("change", () => {
    void take(chosenFiles(input));
    input.value = "";
  });
  return [input, h("label", { for: id, class: "button" }, text)];
}

/** The whole page takes drops: nobody aims at a box. */
export function acceptDrops(page: HTMLElement, { element, take }: DropZone): void {
  page.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  page.addEventListener("dragleave", () => element.classList.remove("over"));
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(take);
  });
}
