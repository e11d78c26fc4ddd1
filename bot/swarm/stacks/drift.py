"""How a stack in the cluster differs from its compose file, as an answer. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import DONE, WARNING, Message, context, paragraphs, tick
from bot.errors import Refused
from bot.model import Facts, StackRecording
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.stacks.checks import changed_content, network_drift, orphans, unresolved_images
from bot.swarm.stacks.deploy_plan import SIGNS, changes_of, counted
from bot.swarm.stacks.writes import pending_writes

MAX_LINES: Final = 200


def stack_diff(facts: Facts) -> Message:
    """Return what a deploy would change now, object by object, old → new."""
    require_cluster(facts)
    recording = facts.stack
    if recording is None:
        raise Refused(f"no manager of {facts.name} could be read.")
    lines = [*_lines(facts, recording), *(f"{WARNING} {text}" for text in (*_ignored(recording), *orphans(recording)))]
    name = f"stack {tick(recording.name)} in {facts.name}"
    source = context(f"{recording.source} · by Docker's command line {recording.cli}")
    if not lines:
        title = f"{DONE} *{name[0].upper()}{name[1:]} is as its compose file describes it*"
        return Message(title.replace("*", ""), (*paragraphs([title]), source))
    shown = lines[:MAX_LINES]
    shown += [f"… and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    count = counted(recording, pending_writes(recording))
    title = f"{WARNING} *{name[0].upper()}{name[1:]} differs from its compose file* · {count}"
    return Message(title.replace("*", ""), (*paragraphs([title, *shown, *_next_step(recording)]), source))


def _lines(facts: Facts, recording: StackRecording) -> list[str]:
    swarm = require_cluster(facts)
    found = []
    for write in pending_writes(recording):
        found.append(f"`{SIGNS[write.action]}` {write.type} {tick(write.name)}")
        found += [f"• {change}" for change in changes_of(swarm, recording, write)]
    return found


def _next_step(recording: StackRecording) -> list[str]:
    """Return what applies the compose file. A deploy is refused while the content of a config or secret differs."""
    if changed_content(recording):
        return ["Next: give configs and secrets whose content differs another name in the compose file."]
    flag = " --no-resolve" if unresolved_images(recording) else ""
    return [f"Next: `/swarm deploy {recording.name}{flag}` applies it."] if pending_writes(recording) else []


def _ignored(recording: StackRecording) -> list[str]:
    """Return the differences that a deploy cannot change."""
    content = [f"The content of {what} {tick(name)} differs." for what, name in changed_content(recording)]
    return content + [f"{text}." for text in network_drift(recording)]
