// Rich text, and the cells of tables.

import { h, link } from "./dom.ts";
import { formatDate, type Names } from "./mrkdwn.ts";
import type { Part } from "./types.ts";

export function drawRichText(block: Part, names: Names): HTMLElement {
  return h("div", { class: "rich text" }, ...(block["elements"] as Part[]).map((element) => run(element, names)));
}

export function drawCell(cell: Part, names: Names): Node {
  if (cell.type === "rich_text") return drawRichText(cell, names);
  if (cell.type === "raw_text") return document.createTextNode(String(cell["text"]));
  return h("code", {}, JSON.stringify(cell));
}

function run(element: Part, names: Names): Node {
  const inside = () => (element["elements"] as Part[]).map((part) => leaf(part, names));
  switch (element.type) {
    case "rich_text_section":
      return h("p", {}, ...inside());
    case "rich_text_preformatted":
      return h("pre", { tabindex: 0 }, h("code", {}, ...inside()));
    case "rich_text_quote":
      return h("blockquote", {}, ...inside());
    case "rich_text_list": {
      const name = element["style"] === "ordered" ? "ol" : "ul";
      const offset = Number(element["offset"] ?? 0);
      const items = (element["elements"] as Part[]).map((item) => h("li", {}, run(item, names)));
      return h(name, offset ? { start: offset + 1 } : {}, ...items);
    }
    default:
      return h("code", {}, JSON.stringify(element));
  }
}

const STYLES: Record<string, "strong" | "em" | "s" | "code"> = { bold: "strong", italic: "em", strike: "s", code: "code" };

function leaf(part: Part, names: Names): Node {
  let node: Node = plain(part, names);
  for (const [style, on] of Object.entries((part["style"] ?? {}) as Record<string, boolean>)) {
    const name = STYLES[style];
    if (on && name) node = h(name, {}, node);
  }
  return node;
}

function plain(part: Part, names: Names): Node {
  const mention = (id: unknown, sign: string) =>
    h("span", { class: "mention" }, names(String(id)) || `${sign}${String(id)}`);
  switch (part.type) {
    case "text":
      return document.createTextNode(String(part["text"]));
    case "link": {
      const url = String(part["url"]);
      const words = String(part["text"] ?? url);
      return link(url, words) ?? document.createTextNode(words);
    }
    case "user":
      return mention(part["user_id"], "@");
    case "channel":
      return mention(part["channel_id"], "#");
    case "usergroup":
      return mention(part["usergroup_id"], "@");
    case "broadcast":
      return h("span", { class: "mention broadcast" }, `@${String(part["range"])}`);
    case "emoji":
      return document.createTextNode(emoji(part));
    case "date":
      return h("time", {}, formatDate(Number(part["timestamp"]), String(part["format"])));
    case "color":
      return h("code", {}, String(part["value"]));
    default:
      return h("code", {}, JSON.stringify(part));
  }
}

function emoji(part: Part): string {
  const points = String(part["unicode"] ?? "").split("-").map((point) => Number.parseInt(point, 16));
  return points.every(Number.isFinite) && points.length ? String.fromCodePoint(...points) : `:${String(part["name"])}:`;
}
