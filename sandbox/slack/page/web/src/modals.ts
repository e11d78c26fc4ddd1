// Modals: the top one of the person's stack, with its inputs, buttons and errors.

import type { App } from "./app.ts";
import { drawBlocks } from "./blocks.ts";
import { controlIn, focusIn, h, icon, ICONS } from "./dom.ts";
import { answersOf, missingIn, restore, showErrors } from "./inputs.ts";
import type { ModalState } from "./types.ts";

let open: { id: string; hash: string; dialog: HTMLDialogElement; body: HTMLElement } | null = null;

export function showModals(app: App): void {
  const top = app.store.modals.at(-1);
  if (open && top?.id === open.id && top.hash !== open.hash) update(open, top, app);
  else if (open && top?.id !== open.id) {
    open.dialog.close();
    open.dialog.remove();
    open = null;
  }
  if (!top) return;
  if (!open) open = draw(top, app);
  showErrors(open.body, top.errors);
}

// The bot replaced the content of the open modal: what was entered, the focus and the place stay.
function update(before: NonNullable<typeof open>, modal: ModalState, app: App): void {
  const answers = answersOf(before.body);
  const focus = focusIn(before.dialog);
  const place = before.body.scrollTop;
  const { form, body } = content(modal, app);
  before.dialog.replaceChildren(form);
  restore(body, answers);
  body.scrollTop = place;
  controlIn(form, focus)?.focus();
  open = { ...before, hash: modal.hash, body };
}

function content(modal: ModalState, app: App): { form: HTMLFormElement; body: HTMLElement } {
  const { title, submit, close, blocks } = modal.content;
  const surface = {
    ...app.surface,
    use: (block: { block_id?: string }, element: { action_id?: string }, value: unknown) =>
      app.act("click_view", { block: block.block_id, action: element.action_id, value, answers: answersOf(body) }),
  };
  const body: HTMLElement = h("div", { class: "modal-body" }, drawBlocks(blocks, surface));
  const dismiss = () => void app.act("close", {});
  const form = h(
    "form",
    { novalidate: true },
    h(
      "header",
      {},
      h("h2", { id: `title-${modal.id}` }, title.text),
      h("button", { type: "button", class: "plain", "aria-label": "Close", click: dismiss }, icon(ICONS.close)),
    ),
    body,
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button", click: dismiss }, close?.text ?? "Cancel"),
      submit && h("button", { type: "submit", class: "button primary" }, submit.text),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const missing = missingIn(body);
    showErrors(body, missing);
    if (Object.keys(missing).length) return;
    const button = form.querySelector("button[type=submit]");
    button?.setAttribute("aria-busy", "true");
    void app.act("submit", { answers: answersOf(body) }).finally(() => button?.removeAttribute("aria-busy"));
  });
  return { form, body };
}

function draw(modal: ModalState, app: App): NonNullable<typeof open> {
  const { form, body } = content(modal, app);
  const dialog = h("dialog", { class: "modal", "aria-labelledby": `title-${modal.id}`, "data-view": modal.id }, form);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    void app.act("close", {});
  });
  document.body.append(dialog);
  dialog.showModal();
  body.querySelector<HTMLElement>("[autofocus], input, textarea, select")?.focus();
  return { id: modal.id, hash: modal.hash, dialog, body };
}
