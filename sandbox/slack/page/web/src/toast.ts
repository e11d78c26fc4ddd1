// Short notes at the edge of the window: what Slack shows as an error of its own.

import { h } from "./dom.ts";

const SHOWN_MS = 7000;

const ERRORS: Record<string, string> = {
  operation_timeout: "The app did not respond within 3 seconds (operation_timeout).",
  dispatch_failed: "The app could not be reached, or it answered with an error (dispatch_failed).",
};

// The place is a popover: shown again, it lies above a modal that is open.
export const toasts = h("div", { id: "toasts", popover: "manual", role: "status", "aria-live": "polite" });

export function toast(words: string): void {
  const note = h("p", { class: "toast" }, ERRORS[words] ?? words);
  toasts.append(note);
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  setTimeout(() => {
    note.remove();
    if (!toasts.childElementCount && toasts.matches(":popover-open")) toasts.hidePopover();
  }, SHOWN_MS);
}
