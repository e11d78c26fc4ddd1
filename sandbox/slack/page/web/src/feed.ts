// A list of messages that keeps its place: new ones at the end, changed ones in place.

import type { App } from "./app.ts";
import { controlIn, focusIn, h } from "./dom.ts";
import { drawItem } from "./message.ts";
import { replyCounts } from "./store.ts";
import type { Item } from "./types.ts";

const NEAR_END_PX = 80;

export class Feed {
  readonly node: HTMLElement;
  private readonly list = h("div");
  private readonly more: HTMLButtonElement;
  private drawn = new Map<string, { item: Item; replies: number; node: HTMLElement }>();
  private app: App | null = null;
  // Whether the newest message stays in sight: until the person scrolls up.
  private stuck = true;
  private lastTop = 0;

  constructor(private readonly inThread = false) {
    this.node = h("div", { class: "feed", role: "log", tabindex: 0, "aria-label": "Messages" }, this.list);
    this.more = h("button", { type: "button", class: "more", hidden: true, click: () => this.toEnd() }, "New messages ↓");
    this.node.append(this.more);
    // The browser tells of a scroll later, when the list may have grown: only a way up is the person's own.
    this.node.addEventListener("scroll", () => {
      if (this.nearEnd()) this.stuck = true;
      else if (this.node.scrollTop < this.lastTop) this.stuck = false;
      this.lastTop = this.node.scrollTop;
      if (this.stuck) this.more.hidden = true;
    });
    const resized = new ResizeObserver(() => {
      if (this.stuck) this.toEnd();
    });
    resized.observe(this.node);
    resized.observe(this.list);
  }

  // Shows these messages. With `restart` the list is of another place: it is drawn from the start, at its end.
  show(items: Item[], app: App, label: string, empty: string, restart: boolean): void {
    this.app = app;
    if (restart) {
      this.stuck = true;
      this.drawn.clear();
      this.list.replaceChildren();
    }
    this.node.setAttribute("aria-label", label);
    const added = this.sync(items, app);
    this.list.querySelector(".empty")?.remove();
    if (!items.length) this.list.append(h("p", { class: "empty" }, empty));
    if (this.stuck) this.toEnd();
    else if (added) this.more.hidden = false;
  }

  private sync(items: Item[], app: App): boolean {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, { node }] of this.drawn)
      if (!wanted.has(key)) {
        node.remove();
        this.drawn.delete(key);
      }
    const counts = replyCounts(app.store);
    let added = false;
    let after: Element | null = null;
    for (const item of items) {
      const before = this.drawn.get(item.key);
      const replies = this.inThread ? 0 : (counts.get(item.key) ?? 0);
      let node = before?.node;
      if (!before || before.item !== item || before.replies !== replies) {
        node = this.draw(item, replies, app);
        if (before) replaceKeepingFocus(before.node, node);
        else added = true;
        this.drawn.set(item.key, { item, replies, node });
      }
      if (!node) continue;
      const next: Element | null = after ? after.nextElementSibling : this.list.firstElementChild;
      if (next !== node) this.list.insertBefore(node, next);
      after = node;
    }
    return added;
  }

  private draw(item: Item, replies: number, app: App): HTMLElement {
    return drawItem(item, replies, app, this.inThread, () => this.redraw(item.key));
  }

  private redraw(key: string): void {
    const found = this.drawn.get(key);
    if (!found || !this.app) return;
    const node = this.draw(found.item, found.replies, this.app);
    replaceKeepingFocus(found.node, node);
    this.drawn.set(key, { ...found, node });
  }

  private nearEnd(): boolean {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX;
  }

  private toEnd(): void {
    this.stuck = true;
    this.node.scrollTop = this.node.scrollHeight;
    this.lastTop = this.node.scrollTop;
    this.more.hidden = true;
  }
}

function replaceKeepingFocus(before: HTMLElement, after: HTMLElement): void {
  const focus = focusIn(before);
  before.replaceWith(after);
  controlIn(after, focus)?.focus({ preventScroll: true });
}
