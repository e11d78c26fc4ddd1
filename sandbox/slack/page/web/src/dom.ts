// Makes elements. Text is always set as text, never as HTML: what people and engines write cannot become markup.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

export function append(element: Element, children: Child[]): void {
  for (const child of children) if (child) element.append(child);
}

// Replaces all children, and keeps the focus where it was if the same control is still there.
export function fill(element: Element, ...children: Child[]): void {
  const focus = focusIn(element);
  const kept = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : null;
  element.replaceChildren();
  append(element, children);
  const again = controlIn(element, focus);
  if (again instanceof HTMLInputElement && kept !== null) again.value = kept;
  again?.focus({ preventScroll: true });
}

// Returns the name of the control in `element` that has the focus; empty if there is none.
export function focusIn(element: Element): string {
  return (element.contains(document.activeElement) && document.activeElement?.getAttribute("data-focus")) || "";
}

export function controlIn(element: Element, name: string): HTMLElement | null {
  return name ? element.querySelector<HTMLElement>(`[data-focus="${CSS.escape(name)}"]`) : null;
}

// Returns a link out of the page, in a tab of its own; null for a scheme that is not shown as a link.
export function link(url: string, words: string): HTMLElement | null {
  if (!/^(?:https?:\/\/|mailto:)/.test(url)) return null;
  return h("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, words);
}

export function json(value: unknown): HTMLElement {
  return h("pre", { tabindex: 0 }, JSON.stringify(value, null, 2));
}

export function icon(path: string, label = ""): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  eye: "M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8Zm7-2.2a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
  hash: "M6 2 4.5 14M11.5 2 10 14M2.5 5.5h11M2 10.5h11",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  bolt: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
  home: "M2 8l6-5.5L14 8M4 7v6.5h8V7",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  send: "M2 8h11M8.5 3.5 13 8l-4.5 4.5",
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  file: "M4 1.5h5L12.5 5v9.5h-8.5zM9 1.5V5h3.5",
  theme: "M8 2a6 6 0 1 0 0 12V2Z",
  hosts: "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01",
  inspect: "M5 4 1.5 8 5 12M11 4l3.5 4L11 12M9 3 7 13",
  thread: "M2 3h12v8H7l-3 3v-3H2z",
};
