// The dialog that asks before an action counts.

import { text, type Surface } from "./blocks.ts";
import { h } from "./dom.ts";
import type { Confirm } from "./types.ts";

export function confirmed(confirm: Confirm, surface: Surface): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (yes: boolean) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const no = h("button", { type: "button", class: "button", click: answer(false) }, confirm.deny.text);
    const style = confirm.style === "danger" ? "danger" : "primary";
    const yes = h("button", { type: "button", class: `button ${style}`, click: answer(true) }, confirm.confirm.text);
    const dialog = h(
      "dialog",
      { class: "modal small", "aria-label": confirm.title.text },
      h("header", {}, h("h2", {}, confirm.title.text)),
      h("div", { class: "modal-body text" }, ...text(confirm.text, surface)),
      h("footer", {}, no, yes),
    );
    dialog.addEventListener("cancel", answer(false));
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
