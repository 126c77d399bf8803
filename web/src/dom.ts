/** Making elements without a framework. */

type Child = Node | string | null;
type Value = string | number | boolean | null | ((event: never) => void);

/** `<tag>` with attributes and children; a function becomes a listener, false and null leave an attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Setting the same text again would make the browser lay out the page again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | null): void {
  if (value === false || value === null) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

const ICONS = {
  click: "M5 3l12 7-5.2 1.4L9 17z",
  box: "M4 6V4h3M13 4h3v2M16 13v3h-3M7 16H4v-3M4 9v1.5M16 9v1.5M9 4h2M9 16h2",
  brush: "M16.5 3.5l-7 7M7.5 11c2 0 2.500 2.300 1.500 3.800C8 16.500 5.500 17 3.500 16.500c1.500-.8 1.200-2 1.500-3.200C5.300 12 6.200 11 7.500 11z",
  eraser: "M8 16h9M11.500 4.500l4.500 4.500-6.500 7H7L3.500 12.500zM7.500 8.500L12 13",
  pan: "M10 3v14M3 10h14M10 3L8 5M10 3l2 2M10 17l-2-2M10 17l2-2M3 10l2-2M3 10l2 2M17 10l-2-2M17 10l-2 2",
  window: "M10 3a7 7 0 100 14 7 7 0 000-14zM10 3v14M10 6h4.500M10 9h6M10 12h6M10 15h4",
  undo: "M7.500 4L4 7.500 7.500 11M4 7.500h8a4 4 0 010 8H8",
  redo: "M12.500 4L16 7.500 12.500 11M16 7.500H8a4 4 0 000 8h4",
  eye: "M2.500 10S5.500 5 10 5s7.500 5 7.500 5-3 5-7.500 5-7.500-5-7.500-5zM10 7.800a2.200 2.200 0 100 4.400 2.200 2.200 0 000-4.400z",
  eyeOff: "M3 3l14 14M8 5.300A7 7 0 0110 5c4.500 0 7.500 5 7.500 5a14 14 0 01-2.300 2.800M5 6.800A14 14 0 002.500 10s3 5 7.500 5a7 7 0 003-.7",
  lock: "M5.500 9h9v7h-9zM7.500 9V6.500a2.500 2.500 0 015 0V9",
  unlock: "M5.500 9h9v7h-9zM7.500 9V6.500a2.500 2.500 0 014.800-1",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.600L14 6",
  plus: "M10 4v12M4 10h12",
  back: "M12 4l-6 6 6 6",
  help: "M7.500 7.500A2.500 2.500 0 0110 5.300c1.500 0 2.600 1 2.600 2.300 0 1.800-2.600 2-2.600 4M10 14.600v.2",
  download: "M10 3v9M6.500 9L10 12.500 13.500 9M4 16h12",
  check: "M4 10.500l4 4 8-9",
  play: "M6 4l10 6-10 6z",
  stop: "M5.500 5.500h9v9h-9z",
  target: "M10 4a6 6 0 100 12 6 6 0 000-12zM10 2v3M10 15v3M2 10h3M15 10h3",
  learn: "M4 16l4-5 3 3 5-8M12.500 6H16v3.500M4 4v12h12",
  upload: "M10 13V4M6.500 7.500L10 4l3.500 3.500M4 16h12",
  close: "M5 5l10 10M15 5L5 15",
  queue: "M4 5.500h12M4 10h6M4 14.500h6M14 11v6M11 14h6",
  main: "M3 4h14v12H3zM12 4v12M12 8h5M12 12h5",
  grid: "M3 4h14v12H3zM10 4v12M3 10h14",
  cube: "M10 2.500l6.500 3.700v7.600L10 17.500l-6.500-3.700V6.200zM3.500 6.200L10 10l6.500-3.800M10 10v7.500",
} as const;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button with a sign only; its name is read aloud and shown as a tooltip with the keys. */
export function iconButton(name: IconName, label: string, onPress: () => void, keys = ""): HTMLButtonElement {
  const title = keys === "" ? label : `${label} (${keys})`;
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title, click: onPress }, icon(name));
}
