/** The page that lists the scans, and takes new ones. */
import { api } from "../api.ts";
import { h } from "../dom.ts";
import { age, count, fileSize } from "../format.ts";
import type { About, ScanSummary } from "../types.ts";
import { acceptDrops, dropZone } from "./drop_zone.ts";

export function startPage(about: About): HTMLElement {
  const list = h("div", { class: "scan-list", "aria-live": "polite" });
  const offer = sampleOffer(about.sample, "button small");
  const showList = (): Promise<void> => showScans(list, offer, about.sample);
  const drop = dropZone(() => void showList());
  const user = about.user === null ? "" : ` · ${about.user}`;
  const page = h(
    "div",
    { class: "start" },
    h("header", { class: "start-head" }, h("h1", {}, "isegformer"), h("span", { class: "quiet" }, `${about.version} · ${about.device}${user}`)),
    h("main", { class: "start-body" }, h("div", { class: "start-title" }, h("h2", {}, "Scans"), offer), list, drop.element),
  );
  acceptDrops(page, drop);
  void showList();
  return page;
}

async function showScans(list: HTMLElement, offer: HTMLElement, sample: string | null): Promise<void> {
  if (list.childElementCount === 0) list.replaceChildren(...[0, 1, 2].map(() => h("div", { class: "scan skeleton", "aria-hidden": "true" })));
  try {
    const scans = await api.scans();
    offer.hidden = scans.length === 0 || sample === null; // with no scan at all it is offered in the middle of the page
    list.replaceChildren(scans.length === 0 ? emptyState(sample) : h("ul", { class: "scans" }, ...sorted(scans).map(scanRow)));
  } catch (error) {
    list.replaceChildren(errorState(error, () => void showScans(list, offer, sample)));
  }
}

/** A button that opens the server's sample, and says so where that fails. */
function sampleOffer(sample: string | null, look: string): HTMLElement {
  const words = h("p", { class: "quiet small", role: "status" });
  const open = async (): Promise<void> => {
    button.disabled = true;
    words.textContent = "Preparing the sample …";
    try {
      location.hash = `#scan/${(await api.sample()).id}`;
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
      button.disabled = false;
    }
  };
  const button = h("button", { type: "button", class: look, click: () => void open() }, `Try with a ${sample ?? "sample"}`);
  return h("div", { class: "sample", hidden: sample === null }, button, words);
}

/** Those worked on last come first, then by name. */
function sorted(scans: readonly ScanSummary[]): readonly ScanSummary[] {
  const changed = (scan: ScanSummary): string => scan.session?.changed_utc ?? "";
  return [...scans].sort((a, b) => changed(b).localeCompare(changed(a)) || a.name.localeCompare(b.name));
}

const KINDS: Readonly<Record<string, string>> = { nifti: "NIfTI", nrrd: "NRRD", meta: "MetaImage", dicom: "DICOM series", stack: "Image stack", zarr: "Zarr" };

function scanRow(scan: ScanSummary): HTMLElement {
  const { session } = scan;
  const work =
    session === null
      ? h("span", { class: "quiet" }, scan.needs_spacing ? "Asks for its spacing" : "Not started")
      : h("span", { title: session.names.join(", ") }, `${count(session.objects, "object")}, ${count(session.accepted, "accepted slice")}`);
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

function emptyState(sample: string | null): HTMLElement {
  const advice = sample === null ? "Drop one below, or put NIfTI, NRRD, MetaImage or DICOM files into the data folder." : "Drop one of yours below, or see how it works first:";
  return h("div", { class: "state" }, h("p", {}, "No scan here yet."), h("p", { class: "quiet" }, advice), sampleOffer(sample, "button primary"));
}

function errorState(error: unknown, retry: () => void): HTMLElement {
  const text = error instanceof Error ? error.message : String(error);
  return h("div", { class: "state error", role: "alert" }, h("p", {}, "The scans cannot be listed."), h("p", { class: "quiet" }, text), h("button", { type: "button", class: "button", click: retry }, "Try again"));
}
