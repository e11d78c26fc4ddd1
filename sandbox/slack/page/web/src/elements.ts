// Interactive elements of messages, modals and Home: buttons, menus and pickers, as the browser's own controls.

import { confirmed } from "./confirm.ts";
import { h } from "./dom.ts";
import { drawChoices, drawField, isChoices, nameOf } from "./fields.ts";
import type { Surface } from "./blocks.ts";
import { toast } from "./toast.ts";
import type { Option, Part } from "./types.ts";

export function drawElement(block: Part, element: Part, surface: Surface): HTMLElement {
  if (element.type === "button") return drawButton(block, element, surface);
  if (element.type === "overflow") return drawOverflow(block, element, surface);
  const use = (value: unknown) => void press(block, element, value, surface);
  if (isChoices(element)) {
    const choices = drawChoices(element, labelOf(element), surface.team);
    choices.node.addEventListener("change", () => use(choices.value()));
    return choices.node;
  }
  const field = drawField(element, surface.team);
  if (!field) throw new Error(`an element of the type ${element.type}`);
  field.control.setAttribute("aria-label", labelOf(element));
  field.control.setAttribute("data-focus", nameOf(block, element));
  field.control.addEventListener("change", () => use(field.value()));
  return field.node;
}

function drawButton(block: Part, element: Part, surface: Surface): HTMLElement {
  const words = String((element["text"] as { text: string } | undefined)?.text ?? "Button");
  const label = element["accessibility_label"] as string | undefined;
  const button: HTMLButtonElement = h(
    "button",
    {
      type: "button",
      class: `button ${String(element["style"] ?? "")}`,
      "data-focus": nameOf(block, element),
      ...(label ? { "aria-label": label } : {}),
      click: () => {
        const url = element["url"] as string | undefined;
        if (url && /^https?:\/\//.test(url)) window.open(url, "_blank", "noreferrer,noopener");
        button.setAttribute("aria-busy", "true");
        void press(block, element, element["value"], surface).finally(() => button.removeAttribute("aria-busy"));
      },
    },
    words,
  );
  return button;
}

// An overflow menu is a select that is empty again after each choice.
function drawOverflow(block: Part, element: Part, surface: Surface): HTMLElement {
  const options = (element["options"] ?? []) as Option[];
  const menu = h(
    "select",
    { class: "overflow", "aria-label": "More actions", "data-focus": nameOf(block, element) },
    h("option", { value: "" }, "⋯"),
    ...options.map((option) => h("option", { value: option.value }, option.text.text)),
  );
  menu.addEventListener("change", () => {
    const value = menu.value;
    menu.value = "";
    if (value) void press(block, element, value, surface);
  });
  return menu;
}

async function press(block: Part, element: Part, value: unknown, surface: Surface): Promise<void> {
  if (element.confirm && !(await confirmed(element.confirm, surface))) return;
  const error = await surface.use(block, element, value);
  if (error) toast(error);
}

function labelOf(element: Part): string {
  const words = (element["placeholder"] ?? element["text"]) as { text: string } | undefined;
  return words?.text ?? "Choose";
}
