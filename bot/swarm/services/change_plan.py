"""Plans of changes to services: what differs, which tasks restart, and what people must know before. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bot.blocks import echo, tick
from bot.errors import NotUnderstood, Refused
from bot.model import ClusterFacts, Cost, Facts, ServiceFacts
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.diagnosis.unschedulable_tasks import unschedulable_warnings
from bot.swarm.services.placement.eligible_nodes import meets_constraints, misplaced_tasks, schedulable_nodes
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollout import IN_PROGRESS, monitor_s, older_tasks
from bot.swarm.services.rollout.rollout_time import health_check, healthy_after_s
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.spec.spec_changes import Restarts
from bot.text.durations import write_duration
from bot.text.suggest import listed, number_of, part_of

MIN_ID_CHARS: Final = 10
"""A change by service id needs at least this many characters of it: a shorter word may be a misspelt name."""


def service_to_change(facts: Facts, name: str) -> ServiceFacts:
    """Return the service called ``name``, or whose id begins with it. Raise NotUnderstood if there is none.

    A short word is no id here: it must not change another service whose id happens to begin with it.
    """
    service = find_service(facts, name)
    if service.name != name and len(name) < MIN_ID_CHARS:
        raise NotUnderstood(
            f"{facts.name} has no service {echo(name)}. The id of {tick(service.name)} begins with these characters.",
            next_step=f"Use its name, or at least {MIN_ID_CHARS} characters of an id.",
        )
    return service


def refuse_job(service: ServiceFacts) -> None:
    """Raise Refused for a job: its tasks end, so this cannot be seen to succeed."""
    if service.is_job:
        raise Refused(
            f"{tick(service.name)} is a {service.mode}: its tasks end by themselves.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm run {service.name}` runs it again.",
        )


def replaced_count(swarm: ClusterFacts, before: ServiceFacts, after: ServiceFacts, restarts: Restarts) -> int:
    """Return how many tasks are replaced because of their spec: Docker continues a rollout that has not ended.

    ``after`` may name networks that tasks have by their ids, as a compose file does: then all tasks differ from it.
    """
    return len(older_tasks(swarm, after if restarts == "all" else before))


def restarting_text(swarm: ClusterFacts, before: ServiceFacts, after: ServiceFacts, restarts: Restarts) -> str:
    """Return which tasks are replaced, in words."""
    if restarts == "all":
        return _all_restarting_text(swarm, after)
    older = replaced_count(swarm, before, after, restarts)
    leaving = len(misplaced_tasks(swarm, after)) if restarts == "some" else 0
    parts = [f"{number_of(leaving, 'task')} must leave a node that does not meet the constraints"] if leaving else []
    parts += [f"{number_of(older, 'task')} of an older spec {'is' if older == 1 else 'are'} replaced"] if older else []
    return ", ".join(parts) or "no task restarts"


def _all_restarting_text(swarm: ClusterFacts, after: ServiceFacts) -> str:
    """Return which tasks are replaced by a change that concerns all: a task that does not run yet does not restart."""
    older = older_tasks(swarm, after)
    restarting = sum(task.state == "running" for task in older)
    count, idle = _alive_count(swarm, after), len(older) - restarting
    if idle:
        count = sum(task.wanted and task.state == "running" for task in swarm.tasks_of(after.id))
    if not restarting:
        text = "no task restarts"
    elif restarting < count:
        text = f"{part_of(restarting, count, 'task')} {'restarts' if restarting == 1 else 'restart'}"
    elif count > 1:
        text = f"all {count} tasks restart"
    else:
        text = "1 task restarts"
    replaced = f"{idle} that {'does not run is' if idle == 1 else 'do not run are'} replaced"
    return f"{text}, {replaced}" if idle else text


def _alive_count(swarm: ClusterFacts, service: ServiceFacts) -> int:
    """Return how many tasks of a service run or start, without those that must stop."""
    return sum(task.wanted and task.alive for task in swarm.tasks_of(service.id))


def is_docker_paused(service: ServiceFacts) -> bool:
    """Return whether the last update is paused, and not by Swarmbot."""
    return not is_paused(service.spec) and service.update is not None and service.update.state == "paused"


def pause_end(
    swarm: ClusterFacts, present: ServiceFacts, after: ServiceFacts, restarts: Restarts
) -> tuple[tuple[Cost, ...], tuple[str, ...]]:
    """Return the cost of a change that ends the pause of a rollout, or a warning; nothing without a pause.

    It costs the tasks that the rollout has not replaced: somebody stopped it, or tasks failed. A change that replaces
    all tasks anyway replaces the rollout that Docker has paused.
    """
    if is_paused(present.spec):
        text = f"Swarmbot paused the rollout of {tick(after.name)}: after any change Docker goes on with it"
    elif is_docker_paused(present):
        text = f"Docker paused the last update of {tick(after.name)}: after any change it goes on with it"
    else:
        return (), ()
    older = replaced_count(swarm, present, after, restarts)
    if not older or (restarts == "all" and not is_paused(present.spec)):
        return (), (f"{text}.",)
    count = part_of(older, _alive_count(swarm, after), "task")
    return (Cost(f"rollout of {after.name}", f"{text} and replaces {count}."),), ()


def image_warnings(facts: Facts, image: str) -> tuple[str, ...]:
    """Return that new tasks may not find their image, if that was read."""
    if not (why := facts.image_trouble.removesuffix(".")):
        return ()
    text = f"No active node was seen to have the image {tick(image)}, and its registry did not confirm it: {why}."
    return (f"{text} A task whose node does not get it fails.",)


def stop_costs(swarm: ClusterFacts, after: ServiceFacts) -> tuple[Cost, ...]:
    """Return the cost of a service that runs and is scaled to 0."""
    running = sum(task.wanted and task.state == "running" for task in swarm.tasks_of(after.id))
    if after.mode != "replicated" or after.replicas or not running:
        return ()
    text = f"{tick(after.name)} stops: {number_of(running, 'task')} running now, none afterwards."
    return (Cost(f"service {after.name}", text),)


def nowhere_costs(facts: Facts, after: ServiceFacts, restarts: Restarts) -> tuple[Cost, ...]:
    """Return the cost of running tasks that stop and that no node can run by the new constraints."""
    swarm = require_cluster(facts)
    if restarts == "none" or any(meets_constraints(node, after) for node in schedulable_nodes(swarm)):
        return ()
    names = {node.id: node.name for node in swarm.nodes}
    leaving = Counter(names[task.node] for task in misplaced_tasks(swarm, after))
    if not leaving:
        return ()
    text = (
        f"{tick(after.name)} ({number_of(leaving.total(), 'task')} on {listed(map(tick, leaving))}) cannot run on any "
        f"active node. Its constraints would be {listed(map(tick, after.constraints))}."
    )
    return (Cost(f"service {after.name}", text),)


def rollout_warnings(facts: Facts, before: ServiceFacts, after: ServiceFacts, restarts: Restarts) -> tuple[str, ...]:
    """Return what people must know before tasks are replaced or added. ``after`` has the new spec."""
    swarm = require_cluster(facts)
    found = [*(_replacing(swarm, after) if restarts == "all" else ())]
    if not nowhere_costs(facts, after, restarts):
        found += unschedulable_warnings(swarm, before, after, restarts)
    if before.update and before.update.state in IN_PROGRESS:
        found.append(f"An update of {tick(after.name)} is in progress: this one takes its place.")
    return tuple(found)


def _replacing(swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return what is risky about replacing the tasks of this service, by its spec and what runs of it."""
    name, policy = tick(service.name), service.spec.get("UpdateConfig") or {}
    start_first = policy.get("Order") == "start-first"
    found = []
    if not health_check(service):
        found.append(
            f"The spec of {name} has no health check. Unless its image has one, a task counts as running at its start."
        )
    elif monitor_s(service) < healthy_after_s(service):
        found.append(
            f"The monitor time of {name} ({write_duration(monitor_s(service))}) is shorter than its health check needs "
            f"to fail ({write_duration(healthy_after_s(service))}): Docker may not notice an unhealthy task."
        )
    ports = (service.spec.get("EndpointSpec") or {}).get("Ports") or ()
    if start_first and any(port.get("PublishMode") == "host" for port in ports):
        found.append(
            f"{name} publishes ports in host mode: with start-first, a new task needs a node where they are free."
        )
    if not service.is_global and service.replicas == 1 and not start_first and _alive_count(swarm, service):
        found.append(f"{name} has 1 replica and order stop-first: nothing runs while its task is replaced.")
    if policy.get("FailureAction") == "continue":
        found.append(
            f"The failure action of {name} is `continue`: Docker replaces every task even if the new ones fail."
        )
    return found
