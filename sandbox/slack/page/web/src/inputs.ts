// Input blocks of modals: a label, a field, a hint, and the error that Slack or the bot gives.

import type { Surface } from "./blocks.ts";
import { h } from "./dom.ts";
import { drawChoices, drawField, isChoices, nameOf, type Field } from "./fields.ts";
import type { Part } from "./types.ts";

let number = 0;
const FIELDS = new WeakMap<Element, { block: Part; field: Field }>();

export function drawInput(block: Part, surface: Surface): HTMLElement {
  const element = block["element"] as Part;
  const id = `input-${(number += 1)}`;
  const optional = block["optional"] ? h("span", { class: "optional" }, " (optional)") : null;
  const label = String((block["label"] as { text: string }).text);
  const hint = (block["hint"] as { text: string } | undefined)?.text;
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  const isChoice = isChoices(element);
  const optionally = block["optional"] ? `${label} (optional)` : label;
  const field = isChoice ? drawChoices(element, optionally, surface.team) : drawField(element, surface.team);
  if (!field) throw new Error(`an input of the type ${element.type}`);
  field.control.id = id;
  field.control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  field.control.setAttribute("data-focus", nameOf(block, element));
  if (element["focus_on_load"]) field.control.setAttribute("autofocus", "");
  const node = h(
    "div",
    { class: "input-block", "data-block": String(block.block_id) },
    isChoice ? null : h("label", { for: id }, label, optional),
    field.node,
    h("p", { class: "hint", id: `${id}-hint` }, hint ?? ""),
    error,
  );
  FIELDS.set(node, { block, field });
  if (block["dispatch_action"]) report(block, element, field, surface);
  return node;
}

// Tells the bot of a change, as the input asks: of a choice at once, of a text with Enter or with each character.
function report(block: Part, element: Part, field: Field, surface: Surface): void {
  const use = () => void surface.use(block, element, field.value());
  if (!element.type.endsWith("_input")) {
    field.control.addEventListener("change", use);
    return;
  }
  const config = element["dispatch_action_config"] as { trigger_actions_on?: string[] } | undefined;
  const on = config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (on.includes("on_character_entered")) field.control.addEventListener("input", use);
  if (on.includes("on_enter_pressed"))
    field.control.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key !== "Enter" || (event as KeyboardEvent).shiftKey) return;
      event.preventDefault();
      use();
    });
}

// Puts answers into the fields that have the same ids, as an update of a view keeps what was entered.
export function restore(root: Element, answers: Record<string, unknown>): void {
  for (const { block, field } of inputsIn(root)) {
    const name = nameOf(block, block["element"] as Part);
    if (Object.hasOwn(answers, name)) field.set(answers[name]);
  }
}

function inputsIn(root: Element): { node: Element; block: Part; field: Field }[] {
  return [...root.querySelectorAll(".input-block")].flatMap((node) => {
    const found = FIELDS.get(node);
    return found ? [{ node, ...found }] : [];
  });
}

// Returns the answers by block_id/action_id.
export function answersOf(root: Element): Record<string, unknown> {
  return Object.fromEntries(
    inputsIn(root).map(({ block, field }) => [nameOf(block, block["element"] as Part), field.value()]),
  );
}

// Returns the errors that Slack itself finds before it asks the bot, by block_id.
export function missingIn(root: Element): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { block, field } of inputsIn(root)) {
    const value = field.value();
    const empty = value === null || (Array.isArray(value) && !value.length);
    const least = Number((block["element"] as Part)["min_length"] ?? 0);
    if (empty && !block["optional"]) errors[String(block.block_id)] = "Please complete this required field.";
    else if (typeof value === "string" && value.length < least)
      errors[String(block.block_id)] = `At least ${least} characters are needed.`;
  }
  return errors;
}

// Shows errors at their fields; the first one gets the focus.
export function showErrors(root: Element, errors: Record<string, string>): void {
  let focused = false;
  for (const { node, block, field } of inputsIn(root)) {
    const words = errors[String(block.block_id)] ?? "";
    const place = node.querySelector(".field-error");
    if (place) place.textContent = words;
    node.classList.toggle("wrong", Boolean(words));
    field.control.setAttribute("aria-invalid", String(Boolean(words)));
    if (words && !focused) {
      focused = true;
      const target = field.control.matches("fieldset") ? field.control.querySelector("input") : field.control;
      target?.focus();
    }
  }
}
