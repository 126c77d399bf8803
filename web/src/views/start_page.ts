/** The page that lists the scans, and takes new ones. */
import { api, upload } from "../api.ts";
import { h, icon } from "../dom.ts";
import { age, count, fileSize } from "../format.ts";
import type { About, ScanSummary } from "../types.ts";

export function startPage(about: About): HTMLElement {
  const list = h("div", { class: "scan-list", "aria-live": "polite" });
  const drop = dropZone(() => void showScans(list));
  const user = about.user === null ? "" : ` · ${about.user}`;
  const page = h(
    "div",
    { class: "start" },
    h("header", { class: "start-head" }, h("h1", {}, "isegformer"), h("span", { class: "quiet" }, `${about.version} · ${about.device}${user}`)),
    h("main", { class: "start-body" }, h("h2", {}, "Scans"), list, drop),
  );
  acceptDrops(page, drop);
  void showScans(list);
  return page;
}

async function showScans(list: HTMLElement): Promise<void> {
  if (list.childElementCount === 0) list.replaceChildren(...[0, 1, 2].map(() => h("div", { class: "scan skeleton", "aria-hidden": "true" })));
  try {
    const scans = await api.scans();
    list.replaceChildren(scans.length === 0 ? emptyState() : h("ul", { class: "scans" }, ...sorted(scans).map(scanRow)));
  } catch (error) {
    list.replaceChildren(errorState(error, () => void showScans(list)));
  }
}

/** Those worked on last come first, then by name. */
function sorted(scans: readonly ScanSummary[]): readonly ScanSummary[] {
  const changed = (scan: ScanSummary): string => scan.session?.changed_utc ?? "";
  return [...scans].sort((a, b) => changed(b).localeCompare(changed(a)) || a.name.localeCompare(b.name));
}

const KINDS: Readonly<Record<string, string>> = { nifti: "NIfTI", nrrd: "NRRD", meta: "MetaImage", dicom: "DICOM series", stack: "Image stack" };

function scanRow(scan: ScanSummary): HTMLElement {
  const { session } = scan;
  const work =
    session === null
      ? h("span", { class: "quiet" }, "Not started")
      : h("span", {}, `${count(session.objects, "object")}, ${count(session.accepted, "accepted slice")}`);
  const when = session === null ? "" : age(session.changed_utc, new Date());
  return h(
    "li",
    {},
    h(
      "a",
      { class: "scan", href: `#scan/${scan.id}` },
      h("span", { class: "scan-name cut" }, scan.name),
      h("span", { class: "quiet" }, KINDS[scan.kind] ?? scan.kind),
      h("span", { class: "quiet number" }, fileSize(scan.size_bytes)),
      work,
      h("span", { class: "quiet" }, when),
    ),
  );
}

function emptyState(): HTMLElement {
  return h("div", { class: "state" }, h("p", {}, "No scan here yet."), h("p", { class: "quiet" }, "Drop one below, or put NIfTI, NRRD, MetaImage or DICOM files into the data folder."));
}

function errorState(error: unknown, retry: () => void): HTMLElement {
  const text = error instanceof Error ? error.message : String(error);
  return h("div", { class: "state error", role: "alert" }, h("p", {}, "The scans cannot be listed."), h("p", { class: "quiet" }, text), h("button", { type: "button", class: "button", click: retry }, "Try again"));
}

function dropZone(onUploaded: () => void): HTMLElement {
  const input = h("input", { type: "file", class: "hidden-input", id: "upload", accept: ".nii,.gz,.nrrd,.mha" });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const words = h("p", { class: "quiet small", "aria-live": "polite" }, "NIfTI, NRRD or MetaImage; put DICOM series into the data folder");
  const label = h("label", { for: "upload", class: "button" }, "Choose a file");
  const zone = h("div", { class: "drop" }, icon("upload"), h("p", {}, "Drop a scan here"), label, input, bar, words);
  const take = async (file: File): Promise<void> => {
    bar.hidden = false;
    words.textContent = `Uploading ${file.name} …`;
    try {
      const scan = await upload(file, (share) => (bar.value = share));
      words.textContent = `${scan.name} is here.`;
      onUploaded();
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      bar.hidden = true;
    }
  };
  input.addEventListener("change", () => {
    if (input.files?.[0]) void take(input.files[0]);
    input.value = "";
  });
  zone.addEventListener("scan-dropped", (event) => void take((event as CustomEvent<File>).detail));
  return zone;
}

/** The whole page takes drops: nobody aims at a box. */
function acceptDrops(page: HTMLElement, zone: HTMLElement): void {
  page.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  page.addEventListener("dragleave", () => zone.classList.remove("over"));
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) zone.dispatchEvent(new CustomEvent("scan-dropped", { detail: file }));
  });
}
