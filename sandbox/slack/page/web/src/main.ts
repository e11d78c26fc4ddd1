// Puts the window together, and keeps it as the server's news say.

import { act, fetchCommands, listen } from "./api.ts";
import { HOME, type App, type Panel } from "./app.ts";
import { drawBlocks } from "./blocks.ts";
import { Composer } from "./composer.ts";
import { fill, h, icon, ICONS } from "./dom.ts";
import { Feed } from "./feed.ts";
import { drawHosts } from "./hosts.ts";
import { drawInspector } from "./inspector.ts";
import { showModals } from "./modals.ts";
import { directOf, drawSidebar } from "./sidebar.ts";
import { apply, emptyStore, inChannel, inThread, namesOf } from "./store.ts";
import { startTheme } from "./theme.ts";
import { toast, toasts } from "./toast.ts";
import { showTour } from "./tour.ts";
import type { News } from "./types.ts";

const DEFAULT_PERSON = "ada";
const WIDE_PX = 1100;

const asked = new URLSearchParams(location.search);
let hangUp: () => void = () => undefined;
let shownPlace = "";
let shownThread = "";
let begin: () => void = () => undefined;
// Fulfilled once the channels are known.
const begun = new Promise<void>((resolve) => {
  begin = resolve;
});

const app: App = {
  store: emptyStore(),
  commands: [],
  person: asked.get("as") ?? DEFAULT_PERSON,
  place: asked.get("place") ?? "",
  panel: (asked.get("panel") as Panel | null) ?? (window.innerWidth >= WIDE_PX ? "hosts" : ""),
  thread: asked.get("thread") ?? "",
  unread: new Map(),
  follows: asked.has("tour"),
  surface: {
    names: namesOf(emptyStore().team),
    team: emptyStore().team,
    person: "",
    use: (block, element, value) =>
      app.act("click_view", { block: block.block_id, action: element.action_id, value }),
  },
  async act(action, body) {
    const error = await act(action, { as: app.person, ...body });
    if (error) toast(error);
    return action === "type" ? error : "";
  },
  become(person) {
    app.person = person;
    app.panel = app.panel === "thread" ? "" : app.panel;
    app.unread.clear();
    connect();
  },
  follow(on) {
    app.follows = on;
    keepAddress();
    becomeWhoActs();
  },
  go(place) {
    app.place = place;
    app.unread.delete(place);
    document.body.classList.remove("menu-open");
    if (place === HOME) void app.act("home", {});
    render();
    composer.box.focus();
  },
  show(panel, thread = "") {
    app.panel = panel;
    app.thread = thread;
    render();
    if (panel === "thread") reply.box.focus();
  },
};

const sidebar = h("aside", { id: "sidebar", "aria-label": "Workspace" });
const title = h("div", { class: "title" });
const link = h("p", { class: "link-down", role: "alert", hidden: true }, "The connection to the local Slack is lost. Trying again…");
const tour = h("section", { class: "tour", "aria-label": "Guided tour", "aria-live": "polite", hidden: true });
const feed = new Feed();
const home = h("div", { class: "home", hidden: true });
const composer = new Composer(
  app,
  "composer",
  () => `draft ${app.person} ${app.place}`,
  (text) => begun.then(() => app.act("type", { channel: app.place, text })),
);
const main = h("main", {}, h("header", { class: "top" }, title), link, tour, feed.node, home, composer.node);

const threadFeed = new Feed(true);
const reply = new Composer(
  app,
  "reply",
  () => `draft ${app.person} ${app.thread}`,
  (text) => app.act("type", { channel: app.store.items.get(app.thread)?.channel, text, thread: app.thread }),
);
reply.label("Reply…");
const panelTitle = h("h2", {});
const panelBody = h("div", { class: "panel-body" });
const panelClose = h(
  "button",
  { type: "button", class: "plain", "aria-label": "Close", click: () => app.show("") },
  icon(ICONS.close),
);
const panel = h("aside", { id: "panel", "aria-label": "Details", hidden: true }, h("header", {}, panelTitle, panelClose), panelBody);

// The address names what is shown, so that a reload shows it again.
function keepAddress(): void {
  const shown = { as: app.person, place: app.place, panel: app.panel, thread: app.panel === "thread" ? app.thread : "" };
  const kept = new URLSearchParams(Object.entries(shown).filter(([name, value]) => value || name === "panel"));
  if (app.follows) kept.set("tour", "1");
  history.replaceState(null, "", `?${kept}`);
}

function connect(): void {
  hangUp();
  shownPlace = shownThread = "";
  hangUp = listen(app.person, onNews, (up) => {
    link.hidden = up;
  });
}

function onNews(news: News): void {
  const known = new Set(news.full ? [] : app.store.items.keys());
  apply(app.store, news);
  if (news.team) {
    app.surface.names = namesOf(news.team);
    app.surface.team = news.team;
    app.surface.person = news.team.people.find((each) => each.name === app.person)?.id ?? "";
  }
  if (!news.full)
    for (const item of news.items ?? [])
      if (!known.has(item.key) && item.channel !== app.place && item.user !== app.surface.person)
        app.unread.set(item.channel, (app.unread.get(item.channel) ?? 0) + 1);
  const places = app.store.team.channels;
  if (app.place.startsWith("@")) app.place = directOf(app);
  const exists = app.place === HOME || app.place.startsWith("@") || places.some((each) => each.id === app.place);
  if (!exists) app.place = places[0]?.id ?? HOME;
  if (news.full) shownPlace = shownThread = "";
  begin();
  render(news);
  if (news.tour && !news.full) becomeWhoActs();
}

// In a window that follows the tour.
function becomeWhoActs(): void {
  const acting = app.store.tour?.person;
  if (app.follows && acting && acting !== app.person) app.become(acting);
}

// Draws what changed: after news only the parts that they touch, otherwise everything.
function render(news?: News): void {
  const all = !news || Boolean(news.full);
  const messages = all || Boolean(news.items ?? news.gone ?? news.team);
  if (all || news.team || news.items) fill(sidebar, ...drawSidebar(app));
  if (all) keepAddress();
  if (all || news.team) drawTop();
  if (messages || news?.home !== undefined) drawPlace();
  if (all || messages || news.hosts !== undefined || news.faults || news.exchanges) drawPanel(news);
  if (all || news.modals) showModals(app);
  if (all || news.tour !== undefined || news.team) showTour(tour, app);
}

function drawTop(): void {
  const channel = app.store.team.channels.find((each) => each.id === app.place);
  const bot = app.store.team.bot;
  const direct = channel ? channel.isDirect : app.place !== HOME;
  const words = app.place === HOME ? `${bot.realName} Home` : direct ? bot.realName : `# ${channel?.name ?? ""}`;
  const count = channel?.members.length ?? 0;
  const people = count === 1 ? "1 person" : `${count} people`;
  const members = channel && !direct ? `${people}${channel.hasBot ? "" : `, without ${bot.realName}`}` : "";
  document.title = `${words} as ${app.person}: local Slack`;
  const button = (name: Panel, label: string, path: string) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": label,
        "aria-pressed": String(app.panel === name),
        "data-focus": `tool ${name}`,
        click: () => app.show(app.panel === name ? "" : name),
      },
      icon(path),
      h("span", {}, label),
    );
  fill(
    title,
    h(
      "button",
      {
        type: "button",
        class: "plain menu",
        "aria-label": "Channels and people",
        click: () => document.body.classList.toggle("menu-open"),
      },
      icon(ICONS.menu),
    ),
    h("h1", {}, words),
    h("span", { class: "muted members" }, members),
    h("span", { class: "tools" }, button("hosts", "Hosts", ICONS.hosts), button("inspector", "Inspector", ICONS.inspect)),
  );
}

function drawPlace(): void {
  const isHome = app.place === HOME;
  home.hidden = !isHome;
  feed.node.hidden = composer.node.hidden = isHome;
  if (isHome) {
    const blocks = app.store.home?.blocks;
    fill(
      home,
      blocks
        ? drawBlocks(blocks, app.surface)
        : h("p", { class: "empty" }, "The app has not published a Home for you."),
    );
    shownPlace = "";
    return;
  }
  const channel = app.store.team.channels.find((each) => each.id === app.place);
  const where = channel && !channel.isDirect ? `#${channel.name}` : app.store.team.bot.realName;
  composer.label(channel && !channel.isDirect ? `Message ${where}, or type /swarm` : `Message ${where}`);
  const empty = `No messages in ${where} yet. Type /swarm help, or /swarm status.`;
  feed.show(inChannel(app.store, app.place), app, `Messages in ${where}`, empty, shownPlace !== app.place);
  if (shownPlace !== app.place) composer.restore();
  shownPlace = app.place;
}

function drawPanel(news?: News): void {
  panel.hidden = !app.panel;
  document.body.classList.toggle("panel-open", Boolean(app.panel));
  panelTitle.textContent = { "": "", hosts: "Hosts", inspector: "Inspector", thread: "Thread" }[app.panel];
  if (app.panel === "thread") {
    const restart = shownThread !== app.thread || threadFeed.node.parentElement !== panelBody;
    if (restart) panelBody.replaceChildren(threadFeed.node, reply.node);
    threadFeed.show(inThread(app.store, app.thread), app, "Thread", "This message is gone.", restart);
    if (restart) reply.restore();
    shownThread = app.thread;
  } else if (app.panel === "hosts") {
    if (!news || news.full || news.hosts !== undefined) keepScroll(() => fill(panelBody, drawHosts(app)));
  } else if (app.panel === "inspector") {
    if (!news || news.full || news.exchanges || news.faults) keepScroll(() => fill(panelBody, drawInspector(app)));
  }
}

function keepScroll(draw: () => void): void {
  const before = panelBody.scrollTop;
  draw();
  panelBody.scrollTop = before;
}

const backdrop = h("div", { class: "backdrop", click: () => document.body.classList.remove("menu-open") });
document.body.append(sidebar, backdrop, main, panel, toasts);
startTheme(() => fill(sidebar, ...drawSidebar(app)));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const over = app.panel && window.innerWidth < WIDE_PX; // the panel covers the channel
  const menu = document.body.classList.contains("menu-open");
  document.body.classList.remove("menu-open");
  if (menu || !over) return;
  const tool = `[data-focus="tool ${app.panel}"]`;
  app.show("");
  (title.querySelector<HTMLElement>(tool) ?? composer.box).focus();
});
connect();
void fetchCommands().then((commands) => {
  app.commands = commands;
});
composer.box.focus();
