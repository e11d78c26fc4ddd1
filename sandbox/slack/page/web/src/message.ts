// One message: who, when, who sees it, its content, files, and its thread.

import type { App } from "./app.ts";
import { drawBlocks, undrawn } from "./blocks.ts";
import { h, icon, ICONS } from "./dom.ts";
import { clock, mrkdwn } from "./mrkdwn.ts";
import { older } from "./older.ts";
import type { FileInfo, Item, Part } from "./types.ts";

export type Look = "blocks" | "older" | "text" | "json" | `edit ${number}`;
const LOOKS = new Map<string, Look>();

// Draws a message or a note. `redraw` is called when the person wants to see it in another way.
export function drawItem(item: Item, replies: number, app: App, inThread: boolean, redraw: () => void): HTMLElement {
  if (item.kind === "typed") return drawTyped(item, app);
  if (item.kind === "error") return drawError(item);
  const person = app.store.team.people.find((each) => each.id === item.user);
  const isBot = Boolean(person?.isBot);
  const look = LOOKS.get(item.key) ?? "blocks";
  const canReply = !replies && !inThread && !item.private;
  return h(
    "article",
    {
      class: `message${item.private ? " private" : ""}`,
      "data-ts": item.key,
      "aria-label": `${person?.realName ?? item.user}, ${clock(item.at)}${item.private ? ", only visible to you" : ""}`,
    },
    avatar(item.user, app),
    h(
      "div",
      { class: "message-body" },
      item.private && onlyYou(item, app),
      h(
        "div",
        { class: "message-head" },
        h("strong", { class: "author" }, person?.realName ?? item.user),
        isBot && h("span", { class: "badge" }, "APP"),
        h("time", {}, clock(item.at)),
        h("span", { class: "message-tools" }, canReply && replyButton(item, app), isBot && lookMenu(item, look, redraw)),
      ),
      content(item, look, app),
      ...(item.files ?? []).map((file) => drawFile(file, app)),
      replies > 0 &&
        h(
          "button",
          { type: "button", class: "replies", "data-focus": `replies ${item.key}`, click: () => app.show("thread", item.key) },
          `${replies} ${replies === 1 ? "reply" : "replies"}`,
        ),
    ),
  );
}

function replyButton(item: Item, app: App): HTMLElement {
  const open = () => app.show("thread", item.key);
  const words = { "aria-label": "Reply in thread", title: "Reply in thread" };
  return h("button", { type: "button", class: "reply", ...words, click: open }, icon(ICONS.thread));
}

export function avatar(user: string, app: App): HTMLElement {
  const place = app.store.team.people.findIndex((each) => each.id === user);
  const person = app.store.team.people[place];
  const isBot = Boolean(person?.isBot);
  const letter = isBot ? icon("M3 9h2v2H3zm4 0h2v2H7zm4 0h2v2h-2zM7 5h2v2H7z") : (person?.name[0] ?? "?").toUpperCase();
  return h("span", { class: `avatar ${isBot ? "bot" : `hue-${place % 6}`}`, "aria-hidden": "true" }, letter);
}

function onlyYou(item: Item, app: App): HTMLElement {
  const dismiss = () => void app.act("dismiss", { ts: item.key });
  return h(
    "p",
    { class: "only-you" },
    icon(ICONS.eye),
    "Only visible to you",
    item.kind === "message" && h("button", { type: "button", class: "link", click: dismiss }, "Dismiss"),
  );
}

function drawTyped(item: Item, app: App): HTMLElement {
  const name = app.store.team.people.find((each) => each.id === item.user)?.realName ?? item.user;
  return h(
    "p",
    { class: "note", "data-ts": item.key },
    h("span", { class: "hidden" }, `${name} typed, only visible to you: `),
    icon(ICONS.eye),
    h("code", {}, item.text),
    h("time", {}, clock(item.at)),
  );
}

function drawError(item: Item): HTMLElement {
  return h("p", { class: "note error", "data-ts": item.key }, h("strong", {}, "Slack: "), item.text);
}

function content(item: Item, look: Look, app: App): Node {
  if (look === "json") return undrawn({ text: item.text, blocks: item.blocks }, "As the bot sent it:");
  const edit = /^edit (\d+)$/.exec(look);
  const version = edit ? item.edits?.[Number(edit[1])] : item;
  const blocks: Part[] = version?.blocks ?? [];
  const drawn =
    look === "text" || !blocks.length
      ? h("div", { class: "text" }, ...mrkdwn(version?.text ?? "", app.surface.names))
      : drawBlocks(look === "older" ? older(blocks) : blocks, forMessage(item, app));
  if (item.edited && look === "blocks") drawn.append(h("small", { class: "edited" }, " (edited)"));
  return drawn;
}

function forMessage(item: Item, app: App): App["surface"] {
  return {
    ...app.surface,
    use: (block, element, value) =>
      app.act("click", { ts: item.key, block: block.block_id, action: element.action_id, value }),
  };
}

function lookMenu(item: Item, look: Look, redraw: () => void): HTMLElement {
  const looks: [Look, string][] = [
    ["blocks", "Blocks"],
    ["older", "Older blocks"],
    ["text", "Fallback text"],
    ["json", "JSON"],
    ...(item.edits ?? []).map((_, place): [Look, string] => [`edit ${place}`, `Before edit ${place + 1}`]),
  ];
  const menu = h(
    "select",
    { class: "look", "aria-label": "Show this message as", "data-focus": `look ${item.key}` },
    ...looks.map(([value, words]) => h("option", { value, selected: value === look }, words)),
  );
  menu.addEventListener("change", () => {
    LOOKS.set(item.key, menu.value as Look);
    redraw();
  });
  return menu;
}

function drawFile(file: FileInfo, app: App): HTMLElement {
  const address = `/page/files/${encodeURIComponent(file.id)}?as=${app.surface.person}`;
  if (file.isImage) return h("img", { class: "shared-image", src: address, alt: file.name });
  return h(
    "a",
    { class: "file", href: address, download: file.name },
    icon(ICONS.file),
    h("span", {}, file.name, h("small", {}, `${(file.size / 1024).toFixed(1)} kB`)),
  );
}
