/** Dialogs: the browser's own element keeps the focus inside and closes on Esc. */
import { h, iconButton } from "../dom.ts";

let names = 0;

export function openDialog(title: string, content: Node, width: "narrow" | "wide" = "narrow"): HTMLDialogElement {
  const id = `dialog-title-${names++}`;
  const close = (): void => dialog.close();
  const head = h("header", { class: "dialog-head" }, h("h2", { id }, title), iconButton("close", "Close", close, "Esc"));
  const dialog = h("dialog", { class: `dialog ${width}`, "aria-labelledby": id, close: () => dialog.remove() }, head, content);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close(); // on the backdrop
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask before something goes that cannot be seen any more; the answer is false where the dialog is closed. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (value: boolean) => (): void => {
      resolve(value);
      dialog.close();
    };
    const buttons = h(
      "div",
      { class: "dialog-buttons" },
      h("button", { type: "button", class: "button", click: answer(false) }, "Keep"),
      h("button", { type: "button", class: "button danger", click: answer(true) }, yes),
    );
    const dialog = openDialog(title, h("div", {}, h("p", {}, text), buttons));
    dialog.addEventListener("close", () => resolve(false));
  });
}
