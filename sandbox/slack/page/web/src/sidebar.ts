// Who this window acts as, and the places that this person has.

import { HOME, type App } from "./app.ts";
import { h, icon, ICONS } from "./dom.ts";
import { avatar } from "./message.ts";
import { nextTheme, themeName } from "./theme.ts";

export function drawSidebar(app: App): Node[] {
  const { team } = app.store;
  const people = team.people.filter((each) => !each.isBot);
  const me = people.find((each) => each.name === app.person);
  const who = h(
    "select",
    { id: "person", "data-focus": "person" },
    ...people.map((each) =>
      h("option", { value: each.name, selected: each.name === app.person }, `${each.realName}${roles(each.id, app)}`),
    ),
  );
  who.addEventListener("change", () => {
    app.follows = false;
    app.become(who.value);
  });
  const channels = team.channels.filter((each) => !each.isDirect);
  return [
    h("div", { class: "workspace" }, h("strong", {}, "Swarmbot"), h("span", {}, "local Slack")),
    h(
      "div",
      { class: "acting" },
      me ? avatar(me.id, app) : null,
      h("div", {}, h("label", { for: "person" }, "You act as"), who),
    ),
    h(
      "nav",
      { "aria-label": "Places" },
      h("h2", {}, "Channels"),
      h("ul", {}, ...channels.map((each) => place(app, each.id, each.name, each.isPrivate ? ICONS.lock : ICONS.hash))),
      h("h2", {}, "Apps"),
      h(
        "ul",
        {},
        place(app, HOME, `${team.bot.realName || "App"} Home`, ICONS.home),
        place(app, directOf(app), `Message ${team.bot.realName || "the app"}`, ICONS.thread),
        ...team.shortcuts.map((each) => shortcut(app, each.id, each.name)),
      ),
    ),
    h(
      "div",
      { class: "sidebar-end" },
      h(
        "button",
        { type: "button", class: "plain", "data-focus": "theme", click: () => nextTheme() },
        icon(ICONS.theme),
        `Theme: ${themeName()}`,
      ),
      h("a", { href: `/?as=${nextPerson(app)}`, target: "_blank", rel: "noopener" }, `Open a window as ${nextPerson(app)}`),
    ),
  ];
}

function place(app: App, id: string, name: string, path: string): HTMLElement {
  const unread = app.unread.get(id) ?? 0;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `place${unread ? " unread" : ""}`,
        "aria-current": app.place === id ? "page" : "false",
        "data-focus": `place ${id}`,
        click: () => app.go(id),
      },
      icon(path),
      h("span", {}, name),
      unread ? h("span", { class: "count", "aria-label": `${unread} unread` }, String(unread)) : null,
    ),
  );
}

function shortcut(app: App, id: string, name: string): HTMLElement {
  const choose = () => void app.act("shortcut", { name: id });
  const button = { type: "button", class: "place", "data-focus": `shortcut ${id}`, click: choose };
  return h("li", {}, h("button", button, icon(ICONS.bolt), h("span", {}, name)));
}

// The direct messages with the bot exist from the first message on; until then they are named by the bot.
export function directOf(app: App): string {
  return app.store.team.channels.find((each) => each.isDirect)?.id ?? `@${app.store.team.bot.name}`;
}

function roles(id: string, app: App): string {
  const handles = app.store.team.groups.filter((group) => group.users.includes(id)).map((group) => `@${group.handle}`);
  return handles.length ? ` (${handles.join(", ")})` : "";
}

function nextPerson(app: App): string {
  const names = app.store.team.people.filter((each) => !each.isBot).map((each) => each.name);
  return names[(names.indexOf(app.person) + 2) % Math.max(names.length, 1)] ?? "cleo";
}
