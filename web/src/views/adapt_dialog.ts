/** Adapting the click network to the accepted slices: explained, started, watched, and its result taken or left. */
import { endText, resultText, runShare, runText } from "../adaptation_text.ts";
import type { Annotator } from "../annotator.ts";
import { api } from "../api.ts";
import { h, icon, setText } from "../dom.ts";
import { count } from "../format.ts";
import type { Adaptation } from "../types.ts";
import { openDialog } from "./dialog.ts";

const LOOK_AGAIN_MS = 1500;
const TIMES: readonly (readonly [number, string])[] = [[5, "At most 5 minutes"], [20, "At most 20 minutes"], [60, "At most an hour"]];
const EXPLANATION =
  "The network learns from the slices that were accepted on this server, and needs fewer clicks on structures like these. Some are kept back to measure whether it helped. You can go on working meanwhile; nothing changes before you choose it below.";

interface Part {
  readonly element: HTMLElement;
  readonly show: (now: Adaptation) => void;
}

export function showAdaptation(annotator: Annotator): void {
  const problem = h("p", { class: "problem small", role: "alert", hidden: true });
  const perform = async (act: () => Promise<unknown>): Promise<void> => {
    problem.hidden = true;
    try {
      await act();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = false;
    }
  };
  const look = (): Promise<void> => perform(async () => show(await api.adaptation()));
  const parts = [startPart((minutes) => void perform(async () => api.adapt(minutes)).then(look)), runPart(() => void perform(api.cancelAdapting).then(look)), resultPart((isAdapted) => void perform(() => choose(annotator, isAdapted)).then(look))];
  const waiting = h("p", { class: "quiet" }, "Asking the server …");
  const content = h("div", { class: "stack adapt" }, h("p", {}, EXPLANATION), problem, waiting, ...parts.map(({ element }) => element));
  const show = (now: Adaptation): void => {
    waiting.hidden = true;
    for (const part of parts) part.show(now);
  };
  const dialog = openDialog("Adapt the network", content);
  const timer = setInterval(() => void look(), LOOK_AGAIN_MS);
  dialog.addEventListener("close", () => clearInterval(timer));
  void look();
}

async function choose(annotator: Annotator, isAdapted: boolean): Promise<void> {
  const { click_weights } = await api.chooseWeights(isAdapted);
  annotator.store.update({ clickWeights: click_weights });
  annotator.notify("info", isAdapted ? "Clicks use the adapted network from now on." : "Clicks use the network that the server was started with.");
}

function startPart(start: (minutes: number) => void): Part {
  const words = h("p", { class: "quiet" });
  const time = h("select", { class: "field", "aria-label": "Time" }, ...TIMES.map(([minutes, text]) => h("option", { value: minutes, selected: minutes === 20 }, text)));
  const button = h("button", { type: "button", class: "button primary", click: () => start(Number(time.value)) }, icon("play"), "Start");
  const element = h("div", { class: "stack", hidden: true }, words, h("div", { class: "between" }, time, button));
  const show = ({ run, obstacle, cases }: Adaptation): void => {
    element.hidden = run !== null;
    button.disabled = time.disabled = obstacle !== null || cases === 0;
    setText(words, obstacle ?? (cases === 0 ? "No slice is accepted yet: accept some on this scan or others, then come back." : `${count(cases, "scan")} with accepted slices to learn from.`));
  };
  return { element, show };
}

function runPart(cancel: () => void): Part {
  const words = h("p", { class: "number", role: "status" });
  const bar = h("progress", { max: 1, "aria-label": "Adapting" });
  const stop = h("button", { type: "button", class: "button small", click: cancel }, icon("stop"), "Cancel");
  const running = h("div", { class: "stack" }, bar, h("div", { class: "between" }, h("span", { class: "quiet small" }, "This window may be closed."), stop));
  const show = ({ run, last }: Adaptation): void => {
    running.hidden = run === null;
    setText(words, run !== null ? runText(run) : last !== null ? endText(last) : "");
    words.hidden = words.textContent === "";
    words.classList.toggle("problem", run === null && last?.state === "failed");
    if (run === null) return;
    stop.disabled = run.state === "cancelling";
    const share = runShare(run);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
  };
  return { element: h("div", { class: "stack" }, words, running), show };
}

function resultPart(choose: (isAdapted: boolean) => void): Part {
  const words = h("span", { class: "quiet small" });
  const own = choice("Network of the server", h("span", { class: "quiet small" }, "As it was started"), () => choose(false));
  const adapted = choice("Adapted network", words, () => choose(true));
  const element = h("fieldset", { class: "formats", hidden: true }, h("legend", {}, "Clicks use, for everybody on this server"), own.element, adapted.element);
  const show = ({ result }: Adaptation): void => {
    element.hidden = result === null;
    if (result === null) return;
    setText(words, resultText(result));
    adapted.radio.checked = result.is_in_use;
    own.radio.checked = !result.is_in_use;
  };
  return { element, show };
}

function choice(text: string, hint: HTMLElement, choose: () => void): { element: HTMLElement; radio: HTMLInputElement } {
  const radio = h("input", { type: "radio", name: "click-weights", change: choose });
  return { element: h("label", { class: "choice" }, radio, h("span", {}, text), hint), radio };
}
