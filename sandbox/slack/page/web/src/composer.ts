// The message box, with completion of the bot's commands.

import { complete, type Suggestion } from "./completion.ts";
import type { App } from "./app.ts";
import { h, icon, ICONS } from "./dom.ts";

export class Composer {
  readonly node: HTMLElement;
  readonly box: HTMLTextAreaElement;
  private readonly list: HTMLElement;
  private readonly hint: HTMLElement;
  private found: Suggestion[] = [];
  private chosen = -1;
  private typed: string[] = [];
  private place = 0;
  private restored = false;

  constructor(
    private readonly app: App,
    id: string,
    // The name under which this tab keeps what was typed and not sent, for each place and person.
    private readonly draft: () => string,
    private readonly send: (text: string) => Promise<string>,
  ) {
    this.list = h("ul", { id: `${id}-list`, class: "suggestions", role: "listbox", "aria-label": "Commands", hidden: true });
    this.hint = h("p", { class: "usage", id: `${id}-usage` });
    this.box = h("textarea", {
      id,
      rows: 1,
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${id}-list`,
      "aria-describedby": `${id}-usage`,
      autocomplete: "off",
      spellcheck: "false",
    });
    this.box.addEventListener("input", () => this.suggest());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => this.close());
    const button = h(
      "button",
      { type: "submit", class: "send", "aria-label": "Send", title: "Send" },
      icon(ICONS.send),
    );
    this.node = h("form", { class: "composer" }, this.list, h("div", { class: "box" }, this.box, button), this.hint);
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  label(words: string): void {
    this.box.setAttribute("aria-label", words);
    this.box.placeholder = words;
  }

  // Puts back what was typed here before the window was reloaded, or showed another place.
  // What was typed before the places were known belongs to the first one.
  restore(): void {
    const early = this.restored ? "" : this.box.value;
    this.restored = true;
    const kept = early || (sessionStorage.getItem(this.draft()) ?? "");
    if (this.box.value !== kept) this.close();
    this.box.value = kept;
    this.keep();
  }

  private async submit(): Promise<void> {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.suggest();
    const error = await this.send(text);
    if (error && !this.box.value) {
      this.box.value = text;
      this.keep();
    } else {
      this.typed.push(text);
      this.place = this.typed.length;
    }
  }

  private key(event: KeyboardEvent): void {
    const open = this.found.length > 0 && !this.list.hidden;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (open && this.chosen >= 0) this.accept(this.chosen);
      else void this.submit();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.choose((this.chosen + (event.key === "ArrowDown" ? 1 : -1) + this.found.length) % this.found.length);
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.accept(Math.max(this.chosen, 0));
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && this.fromHistory()) {
      event.preventDefault();
      this.recall(event.key === "ArrowUp" ? -1 : 1);
    }
  }

  private fromHistory(): boolean {
    return this.typed.length > 0 && (this.box.value === "" || this.typed.includes(this.box.value));
  }

  private recall(step: number): void {
    this.place = Math.min(Math.max(this.place + step, 0), this.typed.length);
    this.box.value = this.typed[this.place] ?? "";
    this.keep();
    this.close();
  }

  private keep(): void {
    sessionStorage.setItem(this.draft(), this.box.value);
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 160)}px`;
  }

  private suggest(): void {
    this.keep();
    const { suggestions, usage } = complete(this.box.value, this.app);
    this.found = suggestions;
    this.chosen = -1;
    this.hint.textContent = usage;
    this.list.replaceChildren(
      ...this.found.map((each, place) =>
        h(
          "li",
          {
            id: `${this.list.id}-${place}`,
            role: "option",
            "aria-selected": "false",
            mousedown: (event: Event) => {
              event.preventDefault();
              this.accept(place);
            },
          },
          h("code", {}, each.shown),
          h("span", {}, each.help),
        ),
      ),
    );
    this.list.hidden = !this.found.length;
    this.box.setAttribute("aria-expanded", String(this.found.length > 0));
    this.box.removeAttribute("aria-activedescendant");
  }

  private choose(place: number): void {
    this.chosen = place;
    [...this.list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === place)));
    this.list.children[place]?.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", `${this.list.id}-${place}`);
  }

  private accept(place: number): void {
    const each = this.found[place];
    if (!each) return;
    this.box.value = each.text;
    this.suggest();
  }

  private close(): void {
    this.list.hidden = true;
    this.chosen = -1;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }
}
