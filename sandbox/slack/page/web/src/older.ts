// The same content in Slack's older blocks, as the bot sends it where Slack answers invalid_blocks.

import type { Part } from "./types.ts";

const SIGNS: Record<string, string> = { pending: "·", in_progress: "▸", complete: "✓", error: "✗" };

export function older(blocks: Part[]): Part[] {
  return blocks.flatMap((block): Part[] => {
    if (block.type === "plan") return [section(((block["tasks"] ?? []) as Part[]).map(taskLine).join("\n"))];
    if (block.type === "task_card") return [section(taskLine(block))];
    if (block.type === "table" || block.type === "data_table")
      return [section((block["rows"] as Part[][]).map((row) => row.map(flat).join("  ·  ")).join("\n"))];
    return [block];
  });
}

function section(text: string): Part {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function taskLine(task: Part): string {
  const rest = [task["details"], task["output"]].map(flat).filter(Boolean).map(escape).join(" ");
  return `${SIGNS[String(task["status"])] ?? "·"} ${escape(String(task["title"]))}${rest ? `\n   ${rest}` : ""}`;
}

export function flat(value: unknown): string {
  if (Array.isArray(value)) return value.map(flat).join("");
  if (typeof value !== "object" || value === null) return "";
  const part = value as Record<string, unknown>;
  return typeof part["text"] === "string" ? part["text"] : flat(part["elements"]);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
