// The inspector: each request between Slack and the bot, and buttons for Slack's faults.

import type { App } from "./app.ts";
import { h, json } from "./dom.ts";
import { formatDate, mrkdwn } from "./mrkdwn.ts";
import type { Exchange } from "./types.ts";

const SHOWN = 120;
const FAULT = "fault: ";
const opened = new Set<number>();

// Counts down to the end of a fault.
setInterval(() => {
  for (const time of document.querySelectorAll<HTMLElement>(".fault-box time[data-ago]"))
    time.textContent = formatDate(Number(time.dataset["ago"]), "{ago}");
}, 1000);

export function drawInspector(app: App): HTMLElement {
  const { faults, exchanges } = app.store;
  return h(
    "div",
    { class: "inspector" },
    h(
      "details",
      { class: "fault-box", open: true },
      h("summary", {}, "Faults of Slack"),
      h(
        "div",
        { class: "actions" },
        ...faults.buttons.map((each) =>
          h(
            "button",
            {
              type: "button",
              class: "button small",
              "data-focus": `fault ${each.name}`,
              click: () => void app.act("fault", { fault: each.name }),
            },
            each.label,
          ),
        ),
      ),
      h(
        "p",
        { class: "muted", role: "status" },
        ...(faults.active.length ? mrkdwn(`Waiting: ${faults.active.join(", ")}`, app.surface.names) : ["None is waiting."]),
      ),
    ),
    h("p", { class: "muted" }, "Raw requests, newest first. Secrets are masked."),
    h("div", { class: "exchanges" }, ...exchanges.slice(-SHOWN).reverse().map((each) => drawExchange(each, app))),
  );
}

function drawExchange(each: Exchange, app: App): HTMLElement {
  const toBot = each.direction === "to the bot";
  const lost = each.note.startsWith(FAULT);
  const failed = lost || each.status !== 200 || (each.answer as { ok?: boolean } | null)?.ok === false;
  const row = h(
    "details",
    { class: `exchange${failed ? " failed" : ""}`, open: opened.has(each.number) },
    h(
      "summary",
      { "data-focus": `exchange ${each.number}` },
      h("span", { class: `way${toBot ? " in" : ""}` }, toBot ? "Slack → bot" : "bot → Slack"),
      h("code", {}, each.kind),
      h("span", { class: "muted" }, `${each.status || "no answer"} · ${each.tookMs.toFixed(0)} ms`),
      h("time", {}, formatDate(each.at, "{time_secs}")),
      lost && h("span", { class: "lost" }, each.note.slice(FAULT.length)),
    ),
  );
  const body = () => {
    if (row.childElementCount > 1) return;
    if (each.note && !lost) row.append(h("p", { class: "faults" }, each.note));
    if (each.hidden) {
      row.append(h("p", { class: "muted" }, `Private: only ${app.surface.names(each.onlyFor) || "its reader"}’s window shows it.`));
      return;
    }
    row.append(h("h4", {}, "Request"), json(each.request), h("h4", {}, "Answer"), json(each.answer));
  };
  if (opened.has(each.number)) body();
  row.addEventListener("toggle", () => {
    if (row.open) {
      opened.add(each.number);
      body();
    } else opened.delete(each.number);
  });
  return row;
}
