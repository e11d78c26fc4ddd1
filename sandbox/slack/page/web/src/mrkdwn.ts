// Slack's mrkdwn as nodes. The only place where markup is read from text.

import { h, link } from "./dom.ts";

// Returns the name of a person, channel or group for its id; empty if there is none.
export type Names = (id: string) => string;

const ENTITIES: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

export function unescape(text: string): string {
  return text.replace(/&(?:lt|gt|amp);/g, (found) => ENTITIES[found] ?? found);
}

export function mrkdwn(text: string, names: Names): Node[] {
  const nodes: Node[] = [];
  text.split("```").forEach((piece, place, pieces) => {
    const closed = place % 2 === 1 && place < pieces.length - 1;
    if (closed) nodes.push(h("pre", { tabindex: 0 }, h("code", {}, ...references(piece.replace(/^\n|\n$/g, ""), names))));
    else if (piece) nodes.push(...lines(place % 2 === 1 ? "```" + piece : piece, names, place > 0, place < pieces.length - 1));
  });
  return nodes;
}

function lines(text: string, names: Names, afterCode: boolean, beforeCode: boolean): Node[] {
  const nodes: Node[] = [];
  let quote: HTMLElement | null = null;
  let rows = text.split("\n");
  if (afterCode && rows[0] === "") rows = rows.slice(1);
  if (beforeCode && rows.at(-1) === "") rows = rows.slice(0, -1);
  rows.forEach((row, place) => {
    const quoted = /^(?:&gt;|>) ?/.exec(row);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...inline(row.slice(quoted[0].length), names));
      return;
    }
    const follows = place > 0 && !quote;
    quote = null;
    if (follows) nodes.push(h("br"));
    nodes.push(...inline(row, names));
  });
  return nodes;
}

// Each kind of markup, and what it becomes. The first one in the text is taken, then the rest is read.
const MARKS: [RegExp, (found: RegExpExecArray, names: Names) => Node][] = [
  [/`([^`\n]+)`/, (found, names) => h("code", {}, ...references(found[1] ?? "", names))],
  [/<([^<>\n]+)>/, (found, names) => reference(found[1] ?? "", names)],
  [mark("\\*"), (found, names) => h("strong", {}, ...inline(found[1] ?? "", names))],
  [mark("_"), (found, names) => h("em", {}, ...inline(found[1] ?? "", names))],
  [mark("~"), (found, names) => h("s", {}, ...inline(found[1] ?? "", names))],
];

function mark(sign: string): RegExp {
  const inside = "(?=\\S)((?:`[^`\\n]+`|[^`\\n])*?(?:`[^`\\n]+`|[^\\s`]))"; // code is not cut in two
  return new RegExp(`(?<![\\p{L}\\p{N}${sign}])${sign}${inside}${sign}(?![\\p{L}\\p{N}${sign}])`, "u");
}

function inline(text: string, names: Names): Node[] {
  const nodes: Node[] = [];
  for (let rest = text; rest; ) {
    let first: RegExpExecArray | null = null;
    let make: (typeof MARKS)[number][1] | null = null;
    for (const [pattern, node] of MARKS) {
      const found = pattern.exec(rest);
      if (found && (!first || found.index < first.index)) [first, make] = [found, node];
    }
    const before = rest.slice(0, first?.index ?? rest.length);
    if (before) nodes.push(document.createTextNode(unescape(before)));
    if (!first || !make) break;
    nodes.push(make(first, names));
    rest = rest.slice(first.index + first[0].length);
  }
  return nodes;
}

// Code shows mentions and links, and no other markup.
function references(text: string, names: Names): Node[] {
  return text
    .split(/(<[^<>\n]+>)/)
    .filter(Boolean)
    .map((piece) =>
      piece.startsWith("<") && piece.endsWith(">")
        ? reference(piece.slice(1, -1), names)
        : document.createTextNode(unescape(piece)),
    );
}

function reference(inside: string, names: Names): Node {
  const [target = "", label = ""] = inside.split("|", 2);
  const date = /^!date\^(\d+)\^([^^]+)(?:\^(.*))?$/.exec(target);
  if (date) {
    const ago = date[2] === "{ago}" ? date[1] : undefined; // counted on where that helps
    return h("time", { title: unescape(label), "data-ago": ago, "aria-live": ago && "off" }, formatDate(Number(date[1]), date[2] ?? ""));
  }
  const sign = target[0];
  if (sign === "@" || target.startsWith("!subteam^")) {
    const id = sign === "@" ? target.slice(1) : target.slice("!subteam^".length);
    return h("span", { class: "mention" }, names(id) || unescape(label) || `@${id}`);
  }
  if (sign === "#") return h("span", { class: "mention" }, names(target.slice(1)) || `#${unescape(label)}`);
  if (sign === "!") return h("span", { class: "mention broadcast" }, `@${unescape(label || target.slice(1)).replace(/^@/, "")}`);
  const url = unescape(target);
  return link(url, unescape(label) || url) ?? document.createTextNode(`<${unescape(inside)}>`);
}

const DATE_PARTS: Record<string, Intl.DateTimeFormatOptions> = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_pretty: { year: "numeric", month: "long", day: "numeric" },
  date_short_pretty: { year: "numeric", month: "short", day: "numeric" },
  date_long_pretty: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hour12: false },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
};

// Times are those of the reader's own zone.
export function formatDate(seconds: number, format: string): string {
  const date = new Date(seconds * 1000);
  return unescape(format).replace(/\{(\w+)\}/g, (whole, name: string) => {
    if (name === "ago") return ago(seconds);
    const options = DATE_PARTS[name];
    if (!options) return whole;
    const near = name.endsWith("_pretty") ? nearDay(date) : "";
    return near || new Intl.DateTimeFormat("en-GB", options).format(date);
  });
}

function nearDay(date: Date): string {
  const day = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((day(date) - day(new Date())) / 86_400_000);
  return { "-1": "yesterday", "0": "today", "1": "tomorrow" }[String(days)] ?? "";
}

export function ago(seconds: number): string {
  const past = Date.now() / 1000 - seconds;
  const [unit, size] = Math.abs(past) < 90 ? ["s", 1] : Math.abs(past) < 5400 ? ["min", 60] : ["h", 3600];
  const number = Math.round(Math.abs(past) / Number(size));
  return past >= 0 ? `${number} ${unit} ago` : `in ${number} ${unit}`;
}

export function clock(seconds: number): string {
  return formatDate(seconds, "{time}");
}
