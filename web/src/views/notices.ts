/** Messages in the corner; read aloud as they come. */
import { h, iconButton } from "../dom.ts";
import type { Notice } from "../state.ts";

export function noticeList(onDismiss: (id: number) => void): { element: HTMLElement; show: (notices: readonly Notice[]) => void } {
  const element = h("div", { class: "notices", role: "status", "aria-live": "polite" });
  const show = (notices: readonly Notice[]): void => {
    element.replaceChildren(...notices.map((notice) => noticeItem(notice, onDismiss)));
  };
  return { element, show };
}

function noticeItem({ id, kind, text, advice }: Notice, onDismiss: (id: number) => void): HTMLElement {
  const words = h("div", { class: "notice-text" }, h("p", {}, text), advice === null ? null : h("p", { class: "quiet" }, advice));
  return h("div", { class: `notice ${kind}` }, words, iconButton("close", "Dismiss", () => onDismiss(id)));
}
