// Requests to the local Slack.

import type { CommandInfo, News } from "./types.ts";

// Does something as a person. Returns what Slack shows as an error; empty if it worked.
export async function act(action: string, body: Record<string, unknown>): Promise<string> {
  try {
    const response = await fetch(`/page/do/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { result?: unknown; error?: string };
    if (answer.error) return answer.error;
    return typeof answer.result === "string" ? answer.result : "";
  } catch {
    return "the local Slack did not respond: is the demo still running?";
  }
}

export async function fetchCommands(): Promise<CommandInfo[]> {
  const response = await fetch("/page/commands");
  return (await response.json()) as CommandInfo[];
}

// Opens the stream of what a person sees. The browser opens it again by itself when it breaks.
export function listen(person: string, onNews: (news: News) => void, onLink: (up: boolean) => void): () => void {
  const source = new EventSource(`/page/events?as=${encodeURIComponent(person)}`);
  source.addEventListener("news", (event) => {
    onLink(true);
    onNews(JSON.parse((event as MessageEvent<string>).data) as News);
  });
  source.addEventListener("error", () => onLink(false));
  return () => source.close();
}
