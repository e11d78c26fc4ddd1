"""`/swarm why SERVICE`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Block,
    Message,
    context,
    cut_short,
    paragraphs,
    plain_line,
    quoted,
    tick,
    when,
)
from bot.commands import SERVICE, Word, question
from bot.model import ClusterFacts, Facts, FactsQuery, LogQuery, ServiceFacts, TaskFacts
from bot.swarm.operations.services import good_target
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.diagnosis.diagnosis import Diagnosis, Failing, Unplaced, diagnose, nodes_by_obstacle
from bot.swarm.services.diagnosis.log_lines import line_blocks, listed_tasks, merged_lines, task_names
from bot.swarm.services.diagnosis.remedies import remedies
from bot.swarm.services.diagnosis.restart_policy import restart_text
from bot.swarm.services.rollout.paused_rollout import PAUSE_COSTS, is_paused, pause_steps
from bot.swarm.services.rollout.rollout import new_text
from bot.swarm.services.rollout.rollout_time import health_check
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.service_state import count_text, missing_tasks, service_sign
from bot.swarm.services.spec.masked import masked_words
from bot.swarm.services.spec.same_spec import made_from
from bot.text.sizes import about_size
from bot.text.suggest import listed

LOG_LINES: Final = 10
"""The last lines of a task that failed."""
MAX_FAILING: Final = 5
MAX_NODES: Final = 12
"""The number of nodes that a line names, and the number of lines about nodes."""
MAX_CHECK_CHARS: Final = 200
"""The most characters of a health check's command."""
UNHEALTHY: Final = "unhealthy container"
"""How Docker says that a health check failed."""
MAX_ERROR_CHARS: Final = 300
"""An engine's error may contain a whole log."""


@dataclass(frozen=True, slots=True)
class WhyArguments:
    """The arguments of ``why``."""

    service: Annotated[str, Word(SERVICE, "a service, by name or the start of its id")]


def _query(arguments: WhyArguments) -> FactsQuery:
    logs = LogQuery(arguments.service, LOG_LINES, failed=True)
    return FactsQuery(services=True, task_list=True, task_logs=logs, good_spec_of=arguments.service)


@question(
    "why",
    group="Services",
    help="Say why tasks of a service do not run, node by node, and how to fix it",
    example="why web",
    permission="operate",
    risk="none",
    approval=0,
    query=_query,
)
def why(facts: Facts, arguments: WhyArguments) -> Message:
    """Return the state of a service, then what keeps each task from running, then what fixes it.

    The last lines of a task that failed are only shown to the requester and stored nowhere.
    """
    swarm, service = require_cluster(facts), find_service(facts, arguments.service)
    found = diagnose(facts, swarm, service)
    names = task_names(swarm, swarm.tasks_of(service.id))
    head = _head(swarm, service, found)
    lines = [
        head,
        *_update(swarm, service, found, names),
        *(line for group in found.unplaced for line in _unplaced(group, names)),
        *_starting(swarm, service, found.starting, names),
        *_left_out(found),
    ]
    failing = found.failing[:MAX_FAILING]
    blocks: list[Block] = [*paragraphs(lines)]
    if (cause := found.update_cause) is not None and cause not in [each.last for each in failing]:
        blocks += _last_lines(facts, cause, names)
    for each in failing:
        blocks += [*paragraphs(_failing(facts, service, each, names)), *_last_lines(facts, each.last, names)]
    if len(found.failing) > MAX_FAILING:
        blocks.append(context(f"and {len(found.failing) - MAX_FAILING} more that fail"))
    if is_paused(service.spec):
        blocks += paragraphs([f"Next: {pause_steps(facts, service)}"])
    elif steps := remedies(swarm, service, found, good_target(facts, service.id, service.spec)):
        blocks += paragraphs([f"Next: {' · '.join(steps)}"])
    return Message(head.replace("*", "").replace("`", ""), tuple(blocks))


def _head(swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis) -> str:
    sign, count = service_sign(swarm, service), count_text(swarm, service)
    if sign == DONE and diagnosis.well:
        return f"{DONE} *{tick(service.name)} runs as it should* · {count}"
    return f"{WARNING if sign == DONE else sign} *{tick(service.name)}* · {count}"


def _update(swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis, names: dict[str, str]) -> list[str]:
    if is_paused(service.spec):
        return [f"{WARNING} *Swarmbot paused its rollout*: {new_text(swarm, service)}. {PAUSE_COSTS}"]
    update = service.update
    running = [task for task in swarm.tasks_of(service.id) if task.state == "running"]
    mixed = len({made_from(task, service) for task in running}) > 1
    words = {
        "paused": f"{FAILED} *The last update paused*{': old and new tasks run side by side' if mixed else ''}.",
        "rollback_started": f"{WARNING} *The last update failed and is being rolled back.*",
        "rollback_completed": f"{WARNING} *The last update was rolled back*: the spec before it is in use again.",
        "rollback_paused": f"{FAILED} *The last update failed, and its rollback paused.*",
        "updating": f"{RUNNING} *It is being updated.*",
    }
    if update is None or update.state not in words:
        return []
    sentences = [words[update.state], f"Docker says {quoted(update.message)}." if update.message else ""]
    if (cause := diagnosis.update_cause) is not None:
        sentences.append(f"{tick(names[cause.id])} {_ended(swarm, cause)}.")
    if update.state == "updating" and diagnosis.unplaced:
        sentences.append(
            "Docker waits without limit for a node that can run a task, and does not count this as a failure."
        )
    if update.started:
        sentences.append(f"It began {when(update.started)}.")
    return [" ".join(filter(None, sentences))]


def _unplaced(group: Unplaced, names: dict[str, str]) -> list[str]:
    since = min(task.since for task in group.tasks)
    reason = plain_line(group.said, MAX_ERROR_CHARS) or "the scheduler has not given a reason yet"
    new = all(task.state == "new" for task in group.tasks)
    state = "waits for its networks" if new else group.tasks[0].state
    lines = [f"{WAITING} {listed_tasks(names, group.tasks)} {state} since {when(since)}: {reason}"]
    if group.outdated:
        lines.append("Docker reported this then and has not tried again since: it is no longer true for every node.")
    if new:
        return lines
    for text, nodes in list(nodes_by_obstacle(group.verdicts).items())[:MAX_NODES]:
        shown = listed((tick(node.name) for node in nodes), limit=MAX_NODES)
        lines.append(f"• {shown}: {text or 'can run it, as far as Swarmbot has seen'}")
    return lines


def _starting(
    swarm: ClusterFacts, service: ServiceFacts, tasks: Sequence[TaskFacts], names: dict[str, str]
) -> list[str]:
    check = _check(service)
    means = {
        "preparing": "its node pulls the image or sets up mounts and networks",
        "ready": "its node is ready to start it",
        "starting": f"its container starts, or has not passed its health check{check} yet",
        "assigned": "its node has not accepted it yet",
        "accepted": "its node has accepted it",
    }
    return [
        f"{RUNNING} {tick(names[task.id])} {task.state} on {_node(swarm, task)} since {when(task.since)}: "
        f"{means.get(task.state, 'on its way')}"
        for task in tasks[:MAX_NODES]
    ]


def _left_out(diagnosis: Diagnosis) -> list[str]:
    return [
        f"{WAITING} No task for {listed(tick(node.name) for node in nodes[:MAX_NODES])}: {text}"
        for text, nodes in nodes_by_obstacle(diagnosis.left_out).items()
    ]


def _failing(facts: Facts, service: ServiceFacts, failing: Failing, names: dict[str, str]) -> list[str]:
    swarm, now = require_cluster(facts), facts.cluster_time
    last, reading = failing.last, failing.reading
    verb = "ended" if last.state == "complete" else "failed"
    times = f"{verb} {failing.count} times, last" if failing.count > 1 else last.state
    sign = WARNING if last.state == "complete" else FAILED
    lines = [f"{sign} {tick(names[last.id])} {times} {when(last.since)} on {_node(swarm, last)}: {_how(last)}"]
    if reading is not None and reading.out_of_memory:
        limit = ((service.template.get("Resources") or {}).get("Limits") or {}).get("MemoryBytes")
        lines.append(f"The kernel killed it at its memory limit{f' of {about_size(limit)}' if limit else ''}.")
    elif reading is not None and reading.failure:
        lines.append(f"Its last lines are unknown: {reading.failure}")
    if (check := _check(service)) and (last.state == "complete" or UNHEALTHY in last.error):
        certain = UNHEALTHY in last.error
        text = "Its health check failed" if certain else "Its health check may have failed"
        lines.append(f"{text}:{check}. Docker stops such a task and starts another.")
    if failing.now is None:
        if missing_tasks(swarm, service):
            lines.append(restart_text(last, now))
    elif failing.now.state == "running":
        lines.append(f"Its successor runs since {when(failing.now.since)}.")
    return lines


def _how(task: TaskFacts) -> str:
    """Return how a task ended, with its exit code if the error does not have it."""
    error = plain_line(task.error, MAX_ERROR_CHARS) or plain_line(task.message) or "no reason given"
    if task.state == "complete":
        error = "it ended by itself"
    code = "" if task.exit_code is None or f"({task.exit_code})" in error else f" (exit code {task.exit_code})"
    return f"{error}{code}"


def _check(service: ServiceFacts) -> str:
    """Return the command of the health check of the spec in backticks, after a space; "" if it has none."""
    test = [str(word) for word in health_check(service).get("Test", ())[1:]]
    return f" {tick(cut_short(' '.join(masked_words(test)), MAX_CHECK_CHARS))}" if test else ""


def _ended(swarm: ClusterFacts, task: TaskFacts) -> str:
    return f"{task.state} on {_node(swarm, task)}: {_how(task)}"


def _node(swarm: ClusterFacts, task: TaskFacts) -> str:
    node = swarm.node(task.node)
    return tick(node.name if node else task.node) if task.node else "no node"


def _last_lines(facts: Facts, task: TaskFacts, names: dict[str, str]) -> list[Block]:
    lines = merged_lines(facts, [task])[-LOG_LINES:]
    if not lines:
        return []
    blocks, _ = line_blocks([line.in_message for line in lines], 1)
    return [context(f"The end of the log of {tick(names[task.id])}, only for you:"), *blocks]
