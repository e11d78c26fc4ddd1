// Fields in which a person enters or chooses a value: the browser's own controls, which keyboards and phones know.

import { h } from "./dom.ts";
import type { Option, Part, Team } from "./types.ts";

export interface Field {
  node: HTMLElement;
  // The element that takes the focus and the label.
  control: HTMLElement;
  // The value as sandbox/slack/interactions.py takes it; null for none.
  value(): unknown;
  // Puts a value in, as value() returned it.
  set(value: unknown): void;
}

// The name of an element, for the answers of a form and for the focus.
export function nameOf(block: Part, element: Part): string {
  return `${String(block.block_id)}/${String(element.action_id)}`;
}

type Group = { label: string; options: Option[] };

export function drawField(element: Part, team: Team): Field | null {
  switch (element.type) {
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input":
      return textField(element);
    case "datepicker":
      return input("date", element["initial_date"]);
    case "timepicker":
      return input("time", element["initial_time"]);
    case "datetimepicker":
      return dateTime(element);
    default:
      return /^(?:static|users|channels|conversations)_select$/.test(element.type)
        ? select(element, team)
        : null;
  }
}

function textField(element: Part): Field {
  const types: Record<string, string> = { email_text_input: "email", url_text_input: "url" };
  const attributes = {
    placeholder: (element["placeholder"] as { text: string } | undefined)?.text ?? "",
    ...(element["max_length"] ? { maxlength: Number(element["max_length"]) } : {}),
    autocomplete: "off",
    spellcheck: "false",
  };
  const control = element["multiline"]
    ? h("textarea", { rows: 4, ...attributes })
    : h("input", {
        type: types[element.type] ?? "text",
        ...(element.type === "number_input" ? { inputmode: "decimal" } : {}),
        ...attributes,
      });
  control.value = String(element["initial_value"] ?? "");
  return plainField(control);
}

function input(type: string, initial: unknown): Field {
  const control = h("input", { type });
  control.value = String(initial ?? "");
  return plainField(control);
}

function plainField(control: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): Field {
  const set = (value: unknown) => {
    control.value = typeof value === "string" ? value : "";
  };
  return { node: control, control, value: () => control.value || null, set };
}

function dateTime(element: Part): Field {
  const control = h("input", { type: "datetime-local" });
  const set = (value: unknown) => {
    const date = new Date(Number(value ?? 0) * 1000);
    const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
    control.value = value ? local.toISOString().slice(0, 16) : "";
  };
  set(element["initial_date_time"]);
  const value = () => (control.value ? Math.floor(new Date(control.value).getTime() / 1000) : null);
  return { node: control, control, value, set };
}

function select(element: Part, team: Team): Field {
  const groups = groupsOf(element, team);
  const words = (element["placeholder"] as { text: string } | undefined)?.text ?? "Choose…";
  const control = h("select", {}, h("option", { value: "" }, words));
  const initial = initialOf(element);
  for (const group of groups) {
    const options = group.options.map((option) =>
      h("option", { value: option.value, selected: initial.has(option.value) }, option.text.text),
    );
    if (group.label) control.append(h("optgroup", { label: group.label }, ...options));
    else control.append(...options);
  }
  return plainField(control);
}

function groupsOf(element: Part, team: Team): Group[] {
  const option = (value: string, words: string): Option => ({ value, text: { type: "plain_text", text: words } });
  if (element.type.includes("users_"))
    return [{ label: "", options: team.people.filter((p) => !p.isBot).map((p) => option(p.id, `@${p.name}`)) }];
  if (element.type.includes("channels_") || element.type.includes("conversations_"))
    return [{ label: "", options: team.channels.filter((c) => !c.isDirect).map((c) => option(c.id, `#${c.name}`)) }];
  const groups = element["option_groups"] as { label: { text: string }; options: Option[] }[] | undefined;
  return groups
    ? groups.map((group) => ({ label: group.label.text, options: group.options }))
    : [{ label: "", options: (element["options"] ?? []) as Option[] }];
}

function initialOf(element: Part): Set<string> {
  const found: string[] = [];
  for (const [key, value] of Object.entries(element)) {
    if (!key.startsWith("initial_")) continue;
    for (const one of Array.isArray(value) ? value : [value])
      found.push(typeof one === "string" ? one : String((one as Option | null)?.value ?? ""));
  }
  return new Set(found.filter(Boolean));
}

let groupNumber = 0;

// Whether an element is drawn as choices: each can be seen and ticked, which a list of several needs keys for.
export function isChoices(element: Part): boolean {
  return element.type === "checkboxes" || element.type === "radio_buttons" || element.type.startsWith("multi_");
}

// Checkboxes or radio buttons, with the label as the name of the group.
export function drawChoices(element: Part, label: string, team: Team): Field & { node: HTMLFieldSetElement } {
  const many = element.type !== "radio_buttons";
  const initial = initialOf(element);
  const name = `choice-${(groupNumber += 1)}`;
  const options = groupsOf(element, team).flatMap((group) => group.options);
  const boxes = options.map((option) => {
    const box = h("input", { type: many ? "checkbox" : "radio", name, value: option.value });
    box.checked = initial.has(option.value);
    const more = option.description ? h("small", {}, option.description.text) : null;
    return { box, row: h("label", { class: "choice" }, box, h("span", {}, option.text.text, more)) };
  });
  const rows = h("div", { class: "choice-list" }, ...boxes.map((each) => each.row));
  const node = h("fieldset", { class: "choices" }, h("legend", {}, label), rows);
  const value = () => {
    const chosen = boxes.filter((each) => each.box.checked).map((each) => each.box.value);
    return many ? chosen : (chosen[0] ?? null);
  };
  const set = (chosen: unknown) => {
    const wanted = new Set(Array.isArray(chosen) ? chosen : [chosen]);
    for (const { box } of boxes) box.checked = wanted.has(box.value);
  };
  return { node, control: node, value, set };
}
