"""How a stack in the cluster differs from its last deploy or its compose file, and what was deployed. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import DONE, WARNING, Message, context, paragraphs, tick, user, when
from bot.errors import Refused
from bot.model import Facts, StackRecording
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.stacks.checks import network_drift, orphans, unresolved_images
from bot.swarm.stacks.deploy_plan import SIGNS, changes_of, counted
from bot.swarm.stacks.writes import pending_writes

MAX_LINES: Final = 200


def stack_diff(facts: Facts, *, last: bool) -> Message:
    """Return what a deploy would change now, object by object, old → new.

    ``last``: compare with the last revision; if there is none, with the compose file.
    """
    require_cluster(facts)
    recording = facts.stack
    if recording is None:
        raise Refused(f"no manager of {facts.name} could be read.")
    lines = [*_lines(facts, recording), *(f"{WARNING} {text}" for text in (*_ignored(recording), *orphans(recording)))]
    name = f"stack {tick(recording.name)} in {facts.name}"
    basis = f"{recording.source} · by Docker's command line {recording.cli}"
    never = last and not recording.revision
    source = context(f"Swarmbot keeps no deploy of it; compared with {basis}" if never else basis)
    which = f"revision {recording.revision}" if recording.revision else "its compose file"
    if not lines:
        title = f"{DONE} *{name[0].upper()}{name[1:]} is as {which} describes it*"
        return Message(title.replace("*", ""), (*paragraphs([title]), source))
    shown = lines[:MAX_LINES]
    shown += [f"… and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    count = counted(recording, pending_writes(recording))
    title = f"{WARNING} *{name[0].upper()}{name[1:]} differs from {which}* · {count}"
    return Message(title.replace("*", ""), (*paragraphs([title, *shown, *_next_step(recording)]), source))


def revision_lines(facts: Facts) -> list[str]:
    """Return the stack's revisions, the last one first; [] if there is none."""
    if not facts.revisions:
        return []
    lines = [
        f"{each.number} · {when(each.at)} · {user(each.requester)} · job {tick(each.job)}" for each in facts.revisions
    ]
    return ["*Revisions*", *lines]


def _lines(facts: Facts, recording: StackRecording) -> list[str]:
    swarm = require_cluster(facts)
    found = []
    for write in pending_writes(recording):
        found.append(f"`{SIGNS[write.shown_action]}` {write.type} {tick(write.base or write.name)}")
        found += [f"• {change}" for change in changes_of(swarm, recording, write)]
    return found


def _next_step(recording: StackRecording) -> list[str]:
    """Return the command that applies the compose file. A deploy is refused while there are conflicts."""
    if recording.conflicts:
        if recording.revision:
            return [f"Next: `/swarm stack {recording.name} --diff --revision 0` compares it with the compose file."]
        return ["Next: give configs and secrets that another stack created another name in the compose file."]
    flag = f" --revision {recording.revision}" if recording.revision else ""
    flag += " --no-resolve" if unresolved_images(recording) else ""
    return [f"Next: `/swarm deploy {recording.name}{flag}` applies it."] if pending_writes(recording) else []


def _ignored(recording: StackRecording) -> list[str]:
    """Return the differences that a deploy cannot change."""
    content = [f"The content of {what} {tick(name)} differs." for what, name in recording.conflicts]
    return content + [f"{text}." for text in network_drift(recording)]
