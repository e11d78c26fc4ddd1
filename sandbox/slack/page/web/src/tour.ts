// The guided tour: what the scene shows, what was seen on the engines, and a button for the next one.

import type { App } from "./app.ts";
import { fill, h } from "./dom.ts";
import { mrkdwn } from "./mrkdwn.ts";

const CLOSED = "swarmbot-tour-closed";

// Shows the tour in `place`, which is hidden if there is none, or if it has ended and was closed.
export function showTour(place: HTMLElement, app: App): void {
  const tour = app.store.tour;
  place.hidden = !tour || (tour.state === "done" && Boolean(sessionStorage.getItem(CLOSED)));
  fill(place, ...drawTour(app));
  if (tour?.skip) place.querySelector(".wrong")?.scrollIntoView({ block: "start" });
  else showNewest(place.querySelector("ul"));
}

// Of lines that need more room than there is, the newest are shown, each of them whole.
function showNewest(list: HTMLElement | null): void {
  if (!list || list.scrollHeight <= list.clientHeight) return;
  const rows = [...list.children] as HTMLElement[];
  const first = rows.find((row) => row.offsetTop - list.offsetTop >= list.scrollHeight - list.clientHeight) ?? rows.at(-1);
  if (first) list.style.maxHeight = `${list.scrollHeight - (first.offsetTop - list.offsetTop)}px`;
  list.scrollTo({ top: list.scrollHeight });
}

function drawTour(app: App): Node[] {
  const tour = app.store.tour;
  if (!tour) return [];
  const state = { waiting: "", running: "running", done: "done", failed: "failed", unmet: "waiting for you" }[tour.state];
  const follow = h("input", { type: "checkbox", checked: app.follows, "data-focus": "tour follow" });
  follow.addEventListener("change", () => app.follow(follow.checked));
  const close = (event: Event) => {
    sessionStorage.setItem(CLOSED, "yes");
    (event.currentTarget as HTMLElement).closest<HTMLElement>(".tour")!.hidden = true;
  };
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
      tour.state === "done"
        ? h("button", { type: "button", class: "button", click: close }, "Close the tour")
        : h("label", { class: "follow" }, follow, "Follow whoever acts"),
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
