/** Which page the address asks for: the list of scans, or one scan (#scan/<id>). */
import { api, ConnectionError, ProblemError } from "./api.ts";
import { h } from "./dom.ts";
import { fileSize } from "./format.ts";
import { loadPreferences } from "./preferences.ts";
import { widestAxis } from "./slices.ts";
import type { SessionState } from "./state.ts";
import { Store } from "./store.ts";
import type { About, Session } from "./types.ts";
import { makeStage, sessionPage } from "./views/session_page.ts";
import { asksForSpacing, spacingPage } from "./views/spacing_page.ts";
import { startPage } from "./views/start_page.ts";
import { Viewer } from "./viewer.ts";

const root = document.getElementById("app") as HTMLElement;
let closePage: () => void = () => undefined;
let visit = 0;

async function showPage(): Promise<void> {
  const mine = ++visit;
  closePage();
  closePage = () => undefined;
  const scan = location.hash.match(/^#scan\/(\w+)$/)?.[1];
  try {
    const about = await api.about();
    if (scan === undefined) showStart(about);
    else await showSession(scan, about, () => mine === visit);
  } catch (error) {
    if (mine !== visit) return;
    const isAsking = scan !== undefined && error instanceof ProblemError && asksForSpacing(error.problem);
    if (!isAsking) root.replaceChildren(failure(error));
    else showQuestion(scan);
  }
}

function showStart(about: About): void {
  document.title = "isegformer";
  root.replaceChildren(startPage(about));
}

function showQuestion(scan: string): void {
  document.title = "isegformer";
  const page = spacingPage(scan, () => void showPage());
  root.replaceChildren(page);
  page.querySelector("input")?.focus();
}

async function showSession(scan: string, about: About, isWanted: () => boolean): Promise<void> {
  const words = h("p", { class: "quiet number" }, "Opening …");
  const bar = h("progress", { max: 1, "aria-label": "Loading" });
  root.replaceChildren(h("div", { class: "page-state", role: "status" }, h("p", {}, "Loading the scan"), bar, words));
  const session = await api.openSession(scan);
  const file = await api.volume(session.scan, (received, total) => {
    words.textContent = total === null ? fileSize(received) : `${fileSize(received)} of ${fileSize(total)}`;
    if (total !== null) bar.value = received / total;
  });
  if (!isWanted()) return;
  document.title = `${session.name} – isegformer`;
  const stage = makeStage();
  root.append(h("div", { class: "staging" }, stage.element)); // NiiVue measures its canvas, so it must be in the page
  const viewer = await Viewer.open(stage.glCanvas, file, session.shape, session.window);
  const page = sessionPage(new Store(initialState(session, about)), viewer, stage, about);
  closePage = page.close;
  root.replaceChildren(page.element);
  stage.markerCanvas.focus({ preventScroll: true });
}

/** Where the work was left: at the last click, else in the middle. */
function initialState(session: Session, about: About): SessionState {
  const last = session.clicks.at(-1);
  const axis = last?.axis ?? session.accepted.at(-1)?.axis ?? widestAxis(session.spacing_mm);
  const voxel = session.shape.map((length) => Math.floor(length / 2)) as [number, number, number];
  const index = last?.index ?? session.accepted.find((slice) => slice.axis === axis)?.index;
  if (index !== undefined) voxel[axis] = index;
  return {
    ...loadPreferences(),
    session,
    clickWeights: about.click_weights,
    connection: "online",
    job: session.job,
    waiting: 0,
    pending: [],
    isQueueing: false,
    notices: [],
    activeLabel: last?.label ?? session.objects[0]?.label ?? null,
    axis,
    voxel,
    hovered: null,
    tool: "click",
    boxCorner: null,
    window: session.window,
    isHidden: false,
    drawingVersion: 0,
  };
}

function failure(error: unknown): HTMLElement {
  const isRefused = error instanceof ProblemError && (error.status === 401 || error.status === 403);
  const title = isRefused ? "This browser is not signed in" : error instanceof ConnectionError ? "The server does not answer" : "This cannot be shown";
  const text = error instanceof Error ? error.message : String(error);
  const advice = isRefused
    ? "Open the address with the token that isegformer printed when it started."
    : error instanceof ProblemError
      ? (error.problem.advice ?? "")
      : "Is isegformer still running? Start it again, then try again here; nothing that was confirmed is lost.";
  const retry = h("button", { type: "button", class: "button primary", click: () => void showPage() }, "Try again");
  const home = location.hash === "" ? null : h("a", { class: "button", href: "#" }, "All scans");
  return h("main", { class: "page-state error", role: "alert" }, h("h1", {}, title), isRefused ? null : h("p", {}, text), h("p", { class: "quiet" }, advice), h("div", { class: "dialog-buttons" }, retry, home));
}

/** `isegformer annotate scan.nii.gz` opens /?scan=<id>; as a fragment it can be left again without loading anew. */
function takeScanFromQuery(): void {
  const scan = new URLSearchParams(location.search).get("scan");
  if (scan !== null) history.replaceState(null, "", `/#scan/${scan}`);
}

takeScanFromQuery();
window.addEventListener("hashchange", () => void showPage());
void showPage();
