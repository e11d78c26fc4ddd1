// A data table: sorted by the column whose head is pressed, and shown in pages.

import { h } from "./dom.ts";
import { flat } from "./older.ts";
import type { Part } from "./types.ts";

type Draw = (rows: Part[][]) => HTMLElement;

const DEFAULT_PAGE_ROWS = 5;

// Returns the table with its caption, heads that sort, and its pages; `draw` draws the rows of one page below the head.
export function pages(block: Part, draw: Draw): HTMLElement {
  const [head = [], ...body] = block["rows"] as Part[][];
  const size = Number(block["page_size"] ?? DEFAULT_PAGE_ROWS);
  const last = Math.max(Math.ceil(body.length / size) - 1, 0);
  const whole = h("div", { class: "data-table" });
  let rows = body;
  let page = 0;
  let sorted = { column: -1, descending: false };

  const sort = (column: number) => {
    sorted = { column, descending: sorted.column === column && !sorted.descending };
    const order = (one: Part[], other: Part[]) => compared(flat(one[column]), flat(other[column]));
    rows = [...body].sort((one, other) => (sorted.descending ? -1 : 1) * order(one, other));
    page = 0;
    show();
    whole.querySelectorAll<HTMLElement>("th button")[column]?.focus();
  };
  const turn = (by: number) => {
    page += by;
    show();
    whole.querySelector<HTMLElement>(".pager button:enabled")?.focus();
  };
  const show = () => {
    const table = draw([head, ...rows.slice(page * size, (page + 1) * size)]);
    table.querySelectorAll("th").forEach((cell, column) => {
      const direction = sorted.descending ? "descending" : "ascending";
      if (sorted.column === column) cell.setAttribute("aria-sort", direction);
      cell.replaceChildren(h("button", { type: "button", click: () => sort(column) }, ...Array.from(cell.childNodes)));
    });
    const turner = (label: string, by: number) =>
      h("button", { type: "button", class: "button small", disabled: page + by < 0 || page + by > last, click: () => turn(by) }, label);
    const range = `${page * size + 1}–${Math.min((page + 1) * size, body.length)} of ${body.length}`;
    const pager = h("div", { class: "pager" }, turner("Previous", -1), range, turner("Next", 1));
    whole.replaceChildren(h("div", { class: "caption" }, String(block["caption"])), table, ...(last ? [pager] : []));
  };
  show();
  return whole;
}

function compared(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
