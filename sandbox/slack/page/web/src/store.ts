// What this window knows: the server's news put together, and what the window itself shows.

import type { Exchange, FaultsState, HomeState, HostsState, Item, ModalState, News, Team, TourState } from "./types.ts";

const MAX_EXCHANGES = 400;

export interface Store {
  items: Map<string, Item>;
  team: Team;
  modals: ModalState[];
  home: HomeState | null;
  hosts: HostsState | null;
  tour: TourState | null;
  faults: FaultsState;
  exchanges: Exchange[];
}

const EMPTY_TEAM: Team = {
  people: [],
  groups: [],
  channels: [],
  bot: { id: "", name: "", realName: "", command: "/swarm" },
  shortcuts: [],
};

export function emptyStore(): Store {
  return {
    items: new Map(),
    team: EMPTY_TEAM,
    modals: [],
    home: null,
    hosts: null,
    tour: null,
    faults: { buttons: [], active: [] },
    exchanges: [],
  };
}

// Applies news. Full news replace everything: after a lost connection nothing of before is kept by mistake.
export function apply(store: Store, news: News): void {
  if (news.full) Object.assign(store, emptyStore());
  for (const item of news.items ?? []) store.items.set(item.key, item);
  for (const key of news.gone ?? []) store.items.delete(key);
  if (news.team) store.team = news.team;
  if (news.modals) store.modals = news.modals;
  if (news.home !== undefined) store.home = news.home;
  if (news.hosts !== undefined) store.hosts = news.hosts;
  if (news.tour !== undefined) store.tour = news.tour;
  if (news.faults) store.faults = news.faults;
  if (news.exchanges) store.exchanges = [...store.exchanges, ...news.exchanges].slice(-MAX_EXCHANGES);
}

export function namesOf(team: Team): (id: string) => string {
  const names = new Map<string, string>();
  for (const person of team.people) names.set(person.id, `@${person.name}`);
  for (const channel of team.channels) names.set(channel.id, `#${channel.name}`);
  for (const group of team.groups) names.set(group.id, `@${group.handle}`);
  return (id) => names.get(id) ?? "";
}

// The messages of a channel, oldest first; replies of a thread are in the thread only.
export function inChannel(store: Store, channel: string): Item[] {
  return sorted(store, (item) => item.channel === channel && !(item.thread && item.thread !== item.key));
}

export function inThread(store: Store, root: string): Item[] {
  return sorted(store, (item) => item.key === root || item.thread === root);
}

// Returns the numbers of replies, by the key of the message that they are to.
export function replyCounts(store: Store): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { key, thread } of store.items.values())
    if (thread && thread !== key) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  return counts;
}

function sorted(store: Store, wanted: (item: Item) => boolean): Item[] {
  return [...store.items.values()].filter(wanted).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}
