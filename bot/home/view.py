"""A person's Home tab as blocks. Pure.

Slack shows up to 100 blocks and 250 KB. Each list has a limit of its own, and says what it leaves out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Block,
    actions,
    channel,
    context,
    cut_short,
    header,
    paragraphs,
    plain_line,
    section,
    tick,
    user,
    when,
)
from bot.blocks.elements import overflow
from bot.commands import RUN_COMMAND
from bot.commands.menu_commands import ACROSS, FORMS, QUESTIONS, command_button
from bot.model.incident import ClusterNumbers, Incident, LastReading
from bot.swarm.health.headline import counted_managers, counted_services
from bot.swarm.incidents.incident_message import incident_message, severity_of
from bot.swarm.quorum import Quorum, tolerance_text
from bot.text.mrkdwn import cut
from bot.text.suggest import number_of, part_of

MAX_BLOCKS: Final = 100
MAX_BYTES: Final = 240_000
"""Slack refuses a view of more than 250 KB."""
MAX_TEXT_CHARS: Final = 600
MAX_CLUSTERS: Final = 25
MAX_APPROVALS: Final = 10
MAX_INCIDENTS: Final = 10
MAX_JOBS: Final = 8
MAX_WORDS_CHARS: Final = 100
STALE_S: Final = 90.0
"""A reading that is older says nothing of the cluster as it is now."""
JOB_SIGNS: Final = {"succeeded": DONE, "refused": FAILED, "failed": FAILED, "running": RUNNING}


@dataclass(frozen=True, slots=True)
class HomeCluster:
    """What is stored about a cluster."""

    name: str
    channel: str
    last_reading: LastReading | None
    """The last reading of watch; None if there was none."""
    incidents: tuple[Incident, ...]
    """The incidents that are open and were reported."""
    frozen_until: float = 0.0
    """When the present freeze ends, unix seconds; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class HomeApproval:
    """A change that waits, and what the reader may do about it."""

    id: str
    cluster: str
    words: str
    requester: str
    votes: int
    needed: int
    expires: float
    """Unix seconds."""
    plan: tuple[str, ...]
    """The reason, what would be done and what it costs, in lines."""
    buttons: tuple[Block, ...]
    decides: bool
    """Whether the reader may approve, confirm or deny it; otherwise they may only withdraw it."""
    confirmation: bool = False
    """Whether its requester alone decides."""


@dataclass(frozen=True, slots=True)
class HomeJob:
    """A job that the reader requested."""

    id: str
    cluster: str
    words: str
    state: str
    asked_at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What one person sees."""

    at: float
    """When it was read, unix seconds."""
    may_view: bool | None
    """None if Slack did not say."""
    clusters: tuple[HomeCluster, ...] = ()
    approvals: tuple[HomeApproval, ...] = ()
    """The approvals that the reader may decide or withdraw."""
    jobs: tuple[HomeJob, ...] = ()
    """The newest first."""
    workers: int = 1


def home_view(facts: HomeFacts) -> dict[str, Any]:
    """Return the view for ``views.publish``."""
    blocks = [*_blocks(facts)]
    foot = context(f"Swarmbot keeps this page fresh. It last changed {when(facts.at)}.")
    return {"type": "home", "blocks": [*_fitting(blocks), foot]}


def digest_of(facts: HomeFacts) -> str:
    """Return a digest of what Home shows. It does not change if only the time of reading differs."""
    text = json.dumps(list(_blocks(facts)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _fitting(blocks: Sequence[Block]) -> list[Block]:
    """Return as many of the blocks as Slack accepts, and how many are omitted."""
    fitting: list[Block] = []
    size = 0
    for block in blocks:
        size += len(json.dumps(block)) + 2
        if len(fitting) >= MAX_BLOCKS - 2 or size > MAX_BYTES - 2000:
            return [*fitting, context(f"{len(blocks) - len(fitting)} more parts are left out.")]
        fitting.append(block)
    return fitting


def _blocks(facts: HomeFacts) -> Iterable[Block]:
    if not facts.may_view:
        yield from _closed(facts)
        return
    if not facts.workers:
        yield _text(f"{WARNING} *No worker is running*: what you order is stored, and begins when one does.")
    yield from _approvals("Waits for your decision", [each for each in facts.approvals if each.decides])
    yield from _incidents(facts)
    yield header("Clusters")
    yield from _clusters(facts)
    yield from _approvals("Your requests that wait", [each for each in facts.approvals if not each.decides])
    yield from _jobs(facts.jobs)
    yield header("Commands")
    yield actions(*_commands(facts))
    yield context("Answers come as direct messages: see the tab Messages.")


def _closed(facts: HomeFacts) -> Iterable[Block]:
    if facts.may_view is None:
        yield _text(f"{WARNING} *Slack did not say which groups you are in.* Open this page again in a minute.")
    else:
        yield _text("*swarmbot.yml does not allow you to see the clusters.* Ask one of Swarmbot's administrators.")
    yield actions(*(command_button(label, words) for label, words in ACROSS))


def _clusters(facts: HomeFacts) -> Iterable[Block]:
    for cluster in facts.clusters[:MAX_CLUSTERS]:
        choices = [(label, f"{words} --cluster {cluster.name}") for label, words in QUESTIONS]
        menu = overflow(f"{RUN_COMMAND}#{cluster.name[:MAX_WORDS_CHARS]}", choices)
        yield _text(cluster_line(cluster, facts.at), menu if menu["options"] else None)
    yield from _more(len(facts.clusters) - MAX_CLUSTERS, "cluster", "status --cluster all")


def cluster_line(cluster: HomeCluster, now: float) -> str:
    """Return a cluster's health, as watch last saw it."""
    name, last_reading = plain_line(cluster.name, 100), cluster.last_reading
    parts = [_health(name, last_reading, cluster.incidents, now), channel(cluster.channel)]
    if cluster.frozen_until:
        parts.append(f"frozen until {when(cluster.frozen_until)}")
    return " · ".join(parts)


def _health(name: str, last_reading: LastReading | None, incidents: Sequence[Incident], now: float) -> str:
    if last_reading is None:
        return f"{WAITING} *{name}* · never read: no `watch` process has run"
    if now - last_reading.at > STALE_S:
        return f"{WARNING} *{name}* · not read since {when(last_reading.at)}: no `watch` process reads it"
    if last_reading.numbers is None and not last_reading.unread and not incidents:
        return f"{WAITING} *{name}* · no manager could be read: it is not initialised, or has no quorum"
    if last_reading.numbers is None:
        return f"{FAILED} *{name} cannot be read* · {number_of(len(last_reading.unread), 'host')} did not respond"
    sign, state = _state(last_reading.numbers, incidents)
    return " · ".join([f"{sign} *{name} {state}*", *_counts(last_reading.numbers)])


def _state(numbers: ClusterNumbers, incidents: Sequence[Incident]) -> tuple[str, str]:
    if numbers.managers_reachable < numbers.managers_needed:
        return FAILED, "has no quorum"
    if incidents:
        critical = any(severity_of(each) == "critical" for each in incidents)
        count = number_of(len(incidents), "open incident")
        return (FAILED if critical else WARNING), f"has {count}"
    ready, nodes = _ready(numbers)
    if numbers.services_short or ready < nodes:
        return WARNING, "is degraded"
    return DONE, "is healthy"


def _counts(numbers: ClusterNumbers) -> list[str]:
    quorum = Quorum(numbers.managers, numbers.managers_reachable)
    managers = f"{counted_managers(quorum)}, {tolerance_text(quorum.tolerates)}"
    parts = [managers, f"{part_of(*_ready(numbers), 'node')} ready"]
    if numbers.services:
        parts.append(counted_services(numbers.services - numbers.services_short, numbers.services))
    return parts


def _ready(numbers: ClusterNumbers) -> tuple[int, int]:
    """Return how many nodes are ready, and how many there are."""
    ready = sum(count for _, state, count in numbers.nodes if state == "ready")
    return ready, sum(count for _, _, count in numbers.nodes)


def _approvals(title: str, approvals: Sequence[HomeApproval]) -> Iterable[Block]:
    if not approvals:
        return
    yield header(title)
    for approval in approvals[:MAX_APPROVALS]:
        yield _text(_approval_line(approval))
        yield from paragraphs(approval.plan if approval.decides else ())
        yield from approval.buttons
    yield from _more(len(approvals) - MAX_APPROVALS, "request", "approvals")


def _approval_line(each: HomeApproval) -> str:
    have = "costs service" if each.confirmation else f"{each.votes} of {number_of(each.needed, 'approval')}"
    return (
        f"{WAITING} {_words(each.words)} in {plain_line(each.cluster, 100)} · requested by {user(each.requester)} · "
        f"{have} · expires {when(each.expires)} · {tick(each.id)}"
    )


def _incidents(facts: HomeFacts) -> Iterable[Block]:
    incidents = [each for cluster in facts.clusters for each in cluster.incidents]
    if not incidents:
        return
    yield header("Open incidents")
    incidents.sort(key=lambda each: (severity_of(each) != "critical", -each.opened_at))
    for incident in incidents[:MAX_INCIDENTS]:
        message = incident_message(incident, facts.at)
        lines = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
        yield _text("\n".join(lines))
        yield from (block for block in message.blocks if block["type"] == "actions")
    yield from _more(len(incidents) - MAX_INCIDENTS, "incident", "incidents")


def _jobs(jobs: Sequence[HomeJob]) -> Iterable[Block]:
    if not jobs:
        return
    yield header("Your last orders")
    for job in jobs[:MAX_JOBS]:
        sign = JOB_SIGNS.get(job.state, WAITING)
        where = f" in {plain_line(job.cluster, 100)}" if job.cluster else ""
        line = f"{sign} {_words(job.words)}{where} · {job.state.replace('_', ' ')} · {when(job.asked_at)}"
        yield context(f"{line} · {tick(job.id)}")


def _commands(facts: HomeFacts) -> Iterable[dict[str, Any]]:
    if len(facts.clusters) == 1 and len(facts.clusters[0].name) <= MAX_WORDS_CHARS:
        name = facts.clusters[0].name
        yield from (command_button(label, f"{words} --cluster {name}") for label, words in (*QUESTIONS, *FORMS))
    elif facts.clusters:
        yield command_button("Status of all clusters", "status --cluster all")
    yield from (command_button(label, words) for label, words in ACROSS)


def _more(count: int, what: str, command: str) -> Iterable[Block]:
    if count > 0:
        yield context(f"{number_of(count, what)} more: {tick(f'/swarm {command}')}")


def _words(words: str) -> str:
    return tick(cut_short(f"/swarm {words}", MAX_WORDS_CHARS))


def _text(text: str, accessory: dict[str, Any] | None = None) -> Block:
    return section(cut(text, MAX_TEXT_CHARS), accessory)
