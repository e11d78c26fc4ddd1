// What the server sends (sandbox/slack/page/person_view.py, window.py) and Slack's blocks, as far as they are drawn.

export type Json = Record<string, unknown>;

export interface Text {
  type: "mrkdwn" | "plain_text";
  text: string;
}

export interface Option {
  text: Text;
  value: string;
  description?: Text;
}

export interface Confirm {
  title: Text;
  text: Text;
  confirm: Text;
  deny: Text;
  style?: "primary" | "danger";
}

// An element or a block: its fields depend on its type, and each drawing function reads those it knows.
export type Part = { type: string; block_id?: string; action_id?: string; confirm?: Confirm } & Record<string, any>;

export interface FileInfo {
  id: string;
  name: string;
  size: number;
  isImage: boolean;
}

export interface Version {
  text: string;
  blocks: Part[];
}

export interface Item {
  kind: "message" | "typed" | "error";
  key: string;
  channel: string;
  user: string;
  at: number;
  text: string;
  private: boolean;
  blocks?: Part[];
  edited?: boolean;
  thread?: string;
  edits?: Version[];
  files?: FileInfo[];
}

export interface Person {
  id: string;
  name: string;
  realName: string;
  isBot: boolean;
}

export interface Channel {
  id: string;
  name: string;
  isPrivate: boolean;
  isDirect: boolean;
  members: string[];
  hasBot: boolean;
}

export interface Team {
  people: Person[];
  groups: { id: string; handle: string; users: string[] }[];
  channels: Channel[];
  bot: { id: string; name: string; realName: string; command: string };
  shortcuts: { id: string; name: string }[];
}

export interface ModalState {
  id: string;
  hash: string;
  content: Json & { title: Text; submit?: Text; close?: Text; blocks: Part[] };
  errors: Record<string, string>;
}

export interface HomeState {
  id: string;
  hash: string;
  blocks: Part[];
}

export interface Switch {
  name: string;
  label: string;
  on: boolean;
}

export interface Host {
  name: string;
  address: string;
  power: boolean;
  engine: string;
  role: string;
  state: string;
  availability: string;
  standing: string;
  tasks: number | null;
  faults: string;
  // The port that is blocked; empty for none.
  port: string;
  switches: Switch[];
  busy: string;
}

export interface HostsState {
  hosts: Host[];
  readFrom: string;
  error: string;
  ports: string[];
}

export interface TourState {
  number: number;
  total: number;
  title: string;
  text: string;
  lines: string[];
  person: string;
  state: "waiting" | "running" | "done" | "failed" | "unmet";
  next: string;
  // The label of the button that skips the scene; empty for none.
  skip: string;
}

export interface FaultsState {
  buttons: { name: string; label: string }[];
  active: string[];
}

export interface Exchange {
  number: number;
  at: number;
  direction: "to the bot" | "to Slack";
  kind: string;
  status: number;
  tookMs: number;
  note: string;
  onlyFor: string;
  hidden: boolean;
  request: unknown;
  answer: unknown;
}

export interface News {
  full?: boolean;
  items?: Item[];
  gone?: string[];
  team?: Team;
  modals?: ModalState[];
  home?: HomeState | null;
  hosts?: HostsState | null;
  tour?: TourState | null;
  faults?: FaultsState;
  exchanges?: Exchange[];
}

export interface CommandInfo {
  word: string;
  usage: string;
  help: string;
  words: { shown: string }[];
  flags: { shown: string; value: string; help: string }[];
}
