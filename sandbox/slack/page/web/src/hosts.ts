// The hosts as their engines see them, with switches for faults.

import type { App } from "./app.ts";
import { h } from "./dom.ts";
import type { Host } from "./types.ts";

export function drawHosts(app: App): HTMLElement {
  const state = app.store.hosts;
  if (!state) return h("p", { class: "empty" }, "This local Slack runs without hosts: `make demo` starts five.");
  const from = state.readFrom ? `Read from ${state.readFrom}’s engine` : "No manager responds";
  return h(
    "div",
    { class: "hosts" },
    h("p", { class: "muted" }, state.error || from, h("span", { class: "live" }, "live")),
    ...state.hosts.map((host) => drawHost(host, state.ports, app)),
  );
}

function drawHost(host: Host, ports: string[], app: App): HTMLElement {
  const title = h("h3", {}, host.name, host.role && h("span", { class: `role ${host.role}` }, host.standing || host.role));
  return h(
    "section",
    { class: `host ${health(host)}`, "aria-label": host.name },
    title,
    h(
      "p",
      { class: "muted" },
      [host.address, words(host), host.tasks === null ? "" : `${host.tasks} ${host.tasks === 1 ? "task" : "tasks"}`]
        .filter(Boolean)
        .join(" · "),
    ),
    host.faults && h("p", { class: "faults" }, host.faults),
    h(
      "div",
      { class: "switches" },
      ...host.switches.map((each) => {
        const box = h("input", {
          type: "checkbox",
          role: "switch",
          "data-focus": `${host.name} ${each.name}`,
          checked: each.on,
          disabled: Boolean(host.busy),
        });
        box.addEventListener("change", () => {
          void app.act("host", { host: host.name, switch: each.name, on: box.checked });
        });
        return h("label", {}, box, h("span", {}, each.label));
      }),
      portMenu(host, ports, app),
    ),
    host.busy && h("p", { class: "busy-words" }, host.busy),
  );
}

function portMenu(host: Host, ports: string[], app: App): HTMLElement {
  const menu = h(
    "select",
    { "data-focus": `${host.name} port`, "aria-label": `Blocked port of ${host.name}`, disabled: Boolean(host.busy) },
    h("option", { value: "" }, "All ports open"),
    ...ports.map((port) => h("option", { value: port, selected: port === host.port }, `Block ${port}`)),
  );
  menu.addEventListener("change", () => void app.act("port", { host: host.name, port: menu.value }));
  return menu;
}

function words(host: Host): string {
  if (!host.power) return "power off";
  const node = host.state ? `${host.state}, ${host.availability}` : "not part of a cluster";
  return host.engine === "running" ? node : `engine ${host.engine}${host.state ? ` · ${host.state}` : ""}`;
}

function health(host: Host): string {
  if (!host.power || host.engine !== "running" || host.state === "down" || host.standing.endsWith("unreachable")) return "bad";
  return host.faults ? "warn" : host.state === "ready" ? "good" : "";
}
