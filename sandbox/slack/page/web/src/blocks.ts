// Draws blocks. What cannot be drawn is shown as its JSON: nothing that the bot sends is dropped.

import { h, json } from "./dom.ts";
import { pages } from "./data_table.ts";
import { drawElement } from "./elements.ts";
import { drawInput } from "./inputs.ts";
import { markdown } from "./markdown.ts";
import { mrkdwn, type Names } from "./mrkdwn.ts";
import { flat } from "./older.ts";
import { drawCell, drawRichText } from "./rich_text.ts";
import { drawPlan, drawTask } from "./tasks.ts";
import type { Part, Team, Text } from "./types.ts";

// Where blocks are drawn, and what happens when somebody uses an element.
export interface Surface {
  names: Names;
  team: Team;
  // The user id of the person whose window this is, empty until the first news: files are theirs to see.
  person: string;
  // Uses an element; returns what Slack shows as an error.
  use(block: Part, element: Part, value: unknown): Promise<string>;
}

type Draw = (block: Part, surface: Surface) => Node;

const DRAW: Record<string, Draw> = {
  section: (block, surface) =>
    h(
      "div",
      { class: "section" },
      h(
        "div",
        { class: "section-text" },
        block["text"] && h("div", { class: "text" }, ...text(block["text"] as Text, surface)),
        block["fields"] &&
          h(
            "div",
            { class: "fields" },
            ...(block["fields"] as Text[]).map((field) => h("div", { class: "text" }, ...text(field, surface))),
          ),
      ),
      block["accessory"] && h("div", { class: "accessory" }, drawAccessory(block, surface)),
    ),
  header: (block) => h("h3", { class: "header-block" }, (block["text"] as Text).text),
  divider: () => h("hr"),
  context: (block, surface) =>
    h(
      "div",
      { class: "context" },
      ...(block["elements"] as Part[]).map((element) =>
        element.type === "image"
          ? drawImage(element, surface)
          : h("span", { class: "text" }, ...text(element as unknown as Text, surface)),
      ),
    ),
  actions: (block, surface) =>
    h(
      "div",
      { class: "actions" },
      ...(block["elements"] as Part[]).map((element) => drawElement(block, element, surface)),
    ),
  image: (block, surface) =>
    h(
      "figure",
      {},
      block["title"] && h("figcaption", {}, (block["title"] as Text).text),
      drawImage(block, surface),
    ),
  input: drawInput,
  markdown: (block, surface) => h("div", { class: "text" }, ...markdown(String(block["text"]), surface.names)),
  rich_text: (block, surface) => drawRichText(block, surface.names),
  table: drawTable,
  data_table: drawDataTable,
  plan: (block, surface) => drawPlan(block, surface.names),
  task_card: (block, surface) => h("ul", { class: "tasks" }, drawTask(block, surface.names)),
};

export function drawBlocks(blocks: Part[], surface: Surface): HTMLElement {
  return h("div", { class: "blocks" }, ...blocks.map((block) => drawBlock(block, surface)));
}

function drawBlock(block: Part, surface: Surface): Node {
  const draw = Object.hasOwn(DRAW, block.type) ? DRAW[block.type] : undefined;
  if (!draw) return undrawn(block, `A block of the type ${block.type}, which this page does not draw:`);
  try {
    return draw(block, surface);
  } catch (error) {
    return undrawn(block, `A block of the type ${block.type} that could not be drawn (${String(error)}):`);
  }
}

export function undrawn(part: unknown, words: string): HTMLElement {
  return h("div", { class: "undrawn" }, h("p", {}, words), json(part));
}

export function text(object: Text, surface: Surface): Node[] {
  return object.type === "mrkdwn" ? mrkdwn(object.text, surface.names) : [document.createTextNode(object.text)];
}

function drawAccessory(block: Part, surface: Surface): Node {
  const element = block["accessory"] as Part;
  return element.type === "image" ? drawImage(element, surface) : drawElement(block, element, surface);
}

function drawImage(part: Part, surface: Surface): HTMLElement {
  const file = part["slack_file"] as { id: string } | undefined;
  const source = file ? `/page/files/${encodeURIComponent(file.id)}?as=${surface.person}` : String(part["image_url"]);
  return h("img", { src: source, alt: String(part["alt_text"]), loading: "lazy" });
}

function drawDataTable(block: Part, surface: Surface): HTMLElement {
  return pages(block, (rows) => drawTable({ type: "table", rows }, surface, String(block["caption"])));
}

const ONE_LINE_CHARS = 40;

function drawTable(block: Part, surface: Surface, name = "Table"): HTMLElement {
  const [head, ...rows] = block["rows"] as Part[][];
  const settings = (block["column_settings"] ?? []) as ({ align?: string; is_wrapped?: boolean } | null)[];
  const cell = (name: "th" | "td", part: Part, column: number) => {
    const { align = "left", is_wrapped: wrapped = false } = settings[column] ?? {};
    const short = flat(part).length <= ONE_LINE_CHARS; // otherwise "8080->80/tcp" is broken after its dash
    const classes = `align-${align}${wrapped ? " wrapped" : short ? " short" : ""}`;
    return h(name, { class: classes, ...(name === "th" ? { scope: "col" } : {}) }, drawCell(part, surface.names));
  };
  const row = (name: "th" | "td", cells: Part[]) => h("tr", {}, ...cells.map((part, at) => cell(name, part, at)));
  return h(
    "div",
    { class: "table", tabindex: 0, role: "region", "aria-label": name },
    h("table", {}, h("thead", {}, row("th", head ?? [])), h("tbody", {}, ...rows.map((cells) => row("td", cells)))),
  );
}
