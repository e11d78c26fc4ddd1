// The markdown block: headings, lists, code, bold, italic and links of standard Markdown.

import { h } from "./dom.ts";
import { mrkdwn, type Names } from "./mrkdwn.ts";

export function markdown(text: string, names: Names): Node[] {
  const nodes: Node[] = [];
  let list: HTMLElement | null = null;
  text.split(/(```[\s\S]*?```)/).forEach((piece) => {
    if (piece.startsWith("```")) {
      nodes.push(h("pre", { tabindex: 0 }, h("code", {}, piece.slice(3, -3).replace(/^\w*\n/, ""))));
      return;
    }
    for (const line of piece.split("\n")) {
      const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
      if (item) {
        const name = item[1] ? "ol" : "ul";
        if (list?.localName !== name) nodes.push((list = h(name)));
        list.append(h("li", {}, ...inline(item[2] ?? "", names)));
        continue;
      }
      list = null;
      const heading = /^#{1,6}\s+(.*)$/.exec(line);
      if (heading) nodes.push(h("h3", {}, ...inline(heading[1] ?? "", names)));
      else if (line.trim()) nodes.push(h("p", {}, ...inline(line, names)));
    }
  });
  return nodes;
}

// Markdown's own marks as mrkdwn, which one function reads.
function inline(line: string, names: Names): Node[] {
  const parts = line.split(/(`[^`]*`)/).map((part, place) => {
    if (place % 2) return part;
    return part
      .replace(/(?<![\w*])\*(?!\*)([^*\s][^*]*)\*(?![\w*])/g, "_$1_")
      .replace(/\*\*([^*]+)\*\*/g, "*$1*")
      .replace(/~~([^~]+)~~/g, "~$1~")
      .replace(/\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g, "<$2|$1>");
  });
  return mrkdwn(parts.join(""), names);
}
