// The guided tour: what the scene shows, what was seen on the engines, and a button for the next one.

import type { App } from "./app.ts";
import { h } from "./dom.ts";
import { mrkdwn } from "./mrkdwn.ts";

export function drawTour(app: App): Node[] {
  const tour = app.store.tour;
  if (!tour) return [];
  const state = { waiting: "", running: "running", done: "done", failed: "failed", unmet: "waiting for you" }[tour.state];
  const follow = h("input", { type: "checkbox", checked: app.follows, "data-focus": "tour follow" });
  follow.addEventListener("change", () => app.follow(follow.checked));
  return [
    h(
      "div",
      { class: "tour-words" },
      h(
        "p",
        { class: "tour-title" },
        tour.number > 0 && h("span", { class: "tour-number" }, `${tour.number} of ${tour.total}`),
        h("strong", {}, tour.title),
        state && h("span", { class: `badge ${state}` }, state),
      ),
      tour.text && h("p", {}, ...mrkdwn(tour.text, app.surface.names)),
      tour.lines.length > 0 &&
        h("ul", { tabindex: 0, "aria-label": "What was seen", "data-focus": "tour lines" }, ...tour.lines.map((line) => h("li", { class: line.startsWith("✓") ? "seen" : tour.skip ? "wrong" : "" }, ...mrkdwn(line, app.surface.names)))),
    ),
    h(
      "div",
      { class: "tour-buttons" },
      h("label", { class: "follow" }, follow, "Follow whoever acts"),
      tour.skip &&
        h(
          "button",
          { type: "button", class: "button", "data-focus": "tour skip", click: () => void app.act("tour", { skip: true }) },
          tour.skip,
        ),
      tour.next &&
        h(
          "button",
          {
            type: "button",
            class: "button primary",
            "data-focus": "tour next",
            disabled: tour.state === "running",
            click: () => void app.act("tour", {}),
          },
          tour.next,
        ),
    ),
  ];
}
