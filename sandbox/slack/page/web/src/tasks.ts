// Slack's plan and task cards: the live steps of a job. Each status has a sign and a word.

import { h, icon, ICONS, link } from "./dom.ts";
import type { Names } from "./mrkdwn.ts";
import { drawRichText } from "./rich_text.ts";
import type { Part } from "./types.ts";

const WORDS: Record<string, string> = {
  pending: "waiting",
  in_progress: "running",
  complete: "done",
  error: "failed",
};

export function drawPlan(block: Part, names: Names): HTMLElement {
  const title = block["title"] as string | { text: string };
  const tasks = (block["tasks"] ?? []) as Part[];
  return h(
    "div",
    { class: "plan" },
    h("p", { class: "plan-title" }, typeof title === "string" ? title : title.text),
    h("ul", { class: "tasks" }, ...tasks.map((task) => drawTask(task, names))),
  );
}

export function drawTask(task: Part, names: Names): HTMLElement {
  const status = String(task["status"]);
  const sources = (task["sources"] ?? []) as { url: string; text: string }[];
  return h(
    "li",
    { class: `task ${Object.hasOwn(WORDS, status) ? status : "pending"}` },
    h("span", { class: "task-sign" }, sign(status)),
    h(
      "div",
      { class: "task-text" },
      h("span", {}, String(task["title"])),
      h("span", { class: "hidden" }, ` (${WORDS[status] ?? status})`),
      task["details"] && drawRichText(task["details"] as Part, names),
      task["output"] && drawRichText(task["output"] as Part, names),
      ...sources.map((source) => link(source.url, source.text) ?? source.text),
    ),
  );
}

function sign(status: string): Node {
  if (status === "complete") return icon(ICONS.check);
  if (status === "error") return icon(ICONS.cross);
  return h("span", { class: status === "in_progress" ? "spinner" : "dot" });
}
