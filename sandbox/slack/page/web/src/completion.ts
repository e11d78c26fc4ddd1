// What may follow in the message box: commands and flags from the bot's registry, hosts, and choices.

import type { App } from "./app.ts";
import type { CommandInfo } from "./types.ts";

export interface Suggestion {
  // The whole text of the box after it is accepted.
  text: string;
  shown: string;
  help: string;
}

const MAX_SHOWN = 8;

export function complete(text: string, app: App): { suggestions: Suggestion[]; usage: string } {
  const slash = app.store.team.bot.command;
  if (!text.startsWith("/") || text.includes("\n")) return { suggestions: [], usage: "" };
  if (!text.startsWith(`${slash} `)) {
    const fits = slash.startsWith(text) && text !== slash;
    return { suggestions: fits ? [{ text: `${slash} `, shown: slash, help: "Swarmbot" }] : [], usage: "" };
  }
  const typed = text.slice(slash.length + 1).trimStart();
  const command = commandOf(typed, app.commands);
  if (!command) return { suggestions: commandsFor(typed.toLowerCase(), slash, app.commands), usage: "" };
  return { suggestions: argumentsFor(text, command, app), usage: `${command.usage}  –  ${command.help}` };
}

// The longest command whose words are typed in full, with a space after them.
function commandOf(typed: string, commands: CommandInfo[]): CommandInfo | undefined {
  const fitting = commands.filter((each) => typed.startsWith(`${each.word} `));
  return fitting.sort((a, b) => b.word.length - a.word.length)[0];
}

function commandsFor(typed: string, slash: string, commands: CommandInfo[]): Suggestion[] {
  const starting = commands.filter((each) => each.word.startsWith(typed));
  const containing = commands.filter((each) => typed && !each.word.startsWith(typed) && each.word.includes(typed));
  const seen = new Set<string>();
  return [...starting, ...containing]
    .filter((each) => !seen.has(each.word) && seen.add(each.word))
    .slice(0, MAX_SHOWN)
    .map((each) => ({ text: `${slash} ${each.word} `, shown: `${slash} ${each.word}`, help: each.help }));
}

function argumentsFor(text: string, command: CommandInfo, app: App): Suggestion[] {
  const last = /\S*$/.exec(text)?.[0] ?? "";
  const before = text.slice(0, text.length - last.length);
  const given = new Set(before.split(/\s+/));
  const make = (word: string, help: string): Suggestion => ({ text: `${before}${word} `, shown: word, help });
  if (last.startsWith("-"))
    return command.flags
      .filter((flag) => flag.shown.startsWith(last) && !given.has(flag.shown))
      .slice(0, MAX_SHOWN)
      .map((flag) => make(flag.shown, [flag.value, flag.help].filter(Boolean).join(" – ")));
  const choices = command.words.flatMap((word) => (/^[a-z|-]+$/.test(word.shown) ? word.shown.split("|") : []));
  const takesHosts = command.words.some((word) => /HOST|NODE|TARGET/.test(word.shown));
  const hosts = takesHosts ? (app.store.hosts?.hosts ?? []) : [];
  return [
    ...(choices.some((choice) => given.has(choice)) ? [] : choices.map((choice) => make(choice, ""))),
    ...hosts.map((host) => make(host.name, [host.role, host.state].filter(Boolean).join(", "))),
  ]
    .filter((each) => each.shown.startsWith(last) && !given.has(each.shown))
    .slice(0, MAX_SHOWN);
}
