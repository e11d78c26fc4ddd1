// The state of this window, and what its parts may ask for.

import type { Surface } from "./blocks.ts";
import type { Store } from "./store.ts";
import type { CommandInfo } from "./types.ts";

export type Panel = "" | "hosts" | "inspector" | "thread";
export const HOME = "home";

export interface App {
  store: Store;
  commands: CommandInfo[];
  // The name of the person whose window this is.
  person: string;
  // A channel's id, or HOME.
  place: string;
  panel: Panel;
  // The ts of the message whose thread is open.
  thread: string;
  // Numbers of unread messages, by channel.
  unread: Map<string, number>;
  // Whether the window becomes whoever acts in the tour.
  follows: boolean;
  surface: Surface;
  // Does something as this person, and shows Slack's error if there is one.
  act(action: string, body: Record<string, unknown>): Promise<string>;
  become(person: string): void;
  follow(on: boolean): void;
  go(place: string): void;
  show(panel: Panel, thread?: string): void;
}
