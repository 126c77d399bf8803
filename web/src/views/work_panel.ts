/** What to do with the slice in view, and with the volume: accept, propagate, go to the suggested slice. */
import type { Annotator } from "../annotator.ts";
import { h, icon, setText } from "../dom.ts";
import { keysFor, type ActionName } from "../keyboard.ts";
import { isAccepted, type SessionState } from "../state.ts";
import { count } from "../format.ts";
import type { Advice, Session } from "../types.ts";

export function workPanel(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  return h("section", { class: "panel" }, h("header", {}, h("h2", {}, "Slices")), slicePart(annotator, act), propagationPart(annotator, act), advicePart(annotator, act));
}

function slicePart(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  const accept = h("button", { type: "button", class: "button wide" });
  accept.addEventListener("click", () => act(isAccepted(annotator.store.state) ? "reopen" : "accept"));
  annotator.store.subscribe((state) => {
    const isDone = isAccepted(state);
    const words = `${isDone ? "Reopen" : "Accept"} slice ${state.voxel[state.axis] + 1}`;
    if (accept.dataset["words"] === words) return;
    accept.dataset["words"] = words;
    accept.title = `${words} (${keysFor(isDone ? "reopen" : "accept")})`;
    accept.classList.toggle("done", isDone);
    accept.replaceChildren(icon(isDone ? "unlock" : "check"), words, h("kbd", {}, keysFor(isDone ? "reopen" : "accept")));
  });
  return accept;
}

function propagationPart(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  const start = h(
    "button",
    { type: "button", class: "button wide primary", title: `Propagate (${keysFor("propagate")})`, click: () => act("propagate") },
    icon("play"), "Propagate", h("kbd", {}, keysFor("propagate")),
  );
  const reason = h("p", { class: "quiet small" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Propagation" });
  const words = h("span", { class: "number" });
  const cancel = h("button", { type: "button", class: "button small", click: () => void annotator.cancelPropagation() }, icon("stop"), "Cancel");
  const running = h("div", { class: "running" }, bar, h("div", { class: "between" }, words, cancel));
  annotator.store.subscribe((state) => {
    const { job } = state;
    start.hidden = job !== null;
    running.hidden = job === null;
    const obstacle = propagationObstacle(state);
    start.disabled = obstacle !== null;
    setText(reason, obstacle ?? readyText(state));
    reason.hidden = job !== null;
    if (job === null) return;
    bar.value = job.total > 0 ? job.done / job.total : 0;
    cancel.disabled = job.state === "cancelling";
    setText(words, jobText(job.state, job.done, job.total));
  });
  return h("div", { class: "stack" }, start, running, reason);
}

function jobText(state: string, done: number, total: number): string {
  if (state === "cancelling") return "Cancelling …";
  if (state === "waiting" || total === 0) return "Waiting for the network …";
  return `${done} of ${total}`;
}

function acceptedCount({ accepted }: Session, axis: number): number {
  return accepted.filter((slice) => slice.axis === axis).length;
}

function propagationObstacle(state: SessionState): string | null {
  if (state.connection !== "online") return "Not while the server is out of reach.";
  return acceptedCount(state.session, state.axis) === 0 ? "Accept at least one slice first." : null;
}

function readyText(state: SessionState): string {
  return `Starts from ${count(acceptedCount(state.session, state.axis), "accepted slice")}; those never change.`;
}

function advicePart(annotator: Annotator, act: (action: ActionName) => void): HTMLElement {
  const part = h("div", { class: "advice" });
  let shown: string | null = null;
  annotator.store.subscribe((state) => {
    const { advice } = state.session;
    const key = JSON.stringify([advice, state.axis, state.job !== null]);
    if (key === shown) return;
    shown = key;
    part.hidden = advice === null || advice.axis !== state.axis || state.job !== null;
    if (!part.hidden) part.replaceChildren(...adviceLines(advice as Advice, state.session, act));
  });
  return part;
}

/** Reasons begin with the number of an object; people know its name. */
function sentence(text: string, objects: Session["objects"]): string {
  const named = text.replace(/^object (\d+)/i, (all, label: string) => objects.find((item) => String(item.label) === label)?.name ?? all);
  return named.slice(0, 1).toUpperCase() + named.slice(1);
}

function adviceLines(advice: Advice, session: Session, act: (action: ActionName) => void): HTMLElement[] {
  const quality = Object.entries(advice.predicted_dice).map(([label, dice]) => {
    const name = session.objects.find((item) => String(item.label) === label)?.name ?? label;
    return h("div", { class: "between" }, h("span", { class: "name" }, name), h("span", { class: "number" }, dice.toFixed(2)));
  });
  const [first] = advice.next;
  const go =
    first === undefined
      ? h("p", { class: "quiet small" }, "No slice stands out.")
      : h(
          "button",
          { type: "button", class: "button wide", title: sentence(first.reason, session.objects), click: () => act("suggestedSlice") },
          icon("target"), `Correct slice ${first.index + 1}`, h("kbd", {}, keysFor("suggestedSlice")),
        );
  const reason = first === undefined ? [] : [h("p", { class: "quiet small" }, sentence(first.reason, session.objects))];
  const stop = advice.stop ? [h("p", { class: "good small" }, "Good enough as it stands, as far as can be told.")] : [];
  return [h("h3", {}, "Predicted overlap (Dice)"), ...quality, ...stop, go, ...reason];
}
