"""`/swarm deploy STACK`, `/swarm undeploy STACK`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import echo, tick
from bot.commands import Flag, TextField, TypedText, Word, change, number, text
from bot.commands.shared_flags import MAX_COUNT
from bot.errors import NotUnderstood, Refused
from bot.model import (
    EVERY_TRACK,
    ClusterFacts,
    Facts,
    FactsQuery,
    Plan,
    PlanTitles,
    ResolveImages,
    StackQuery,
    StackRecording,
    StackWrite,
    Step,
)
from bot.swarm.operations import AwaitService, DeployObject, RemoveVersion
from bot.swarm.operations.service_plan import last_update
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.stacks.checks import network_drift, refuse_impossible, stack_warnings
from bot.swarm.stacks.deploy_plan import EFFECT, changes_of, costs_of, counted, warnings_of
from bot.swarm.stacks.typed_file import file_problem, require_stack_name
from bot.swarm.stacks.unchanged import not_running, require_running
from bot.swarm.stacks.versions import old_versions
from bot.swarm.stacks.writes import digest, pending_writes, removals, spec_digest
from bot.text.suggest import did_you_mean, listed, number_of

STACK = replace(text("STACK"), names="stacks")
WRITES = "stack"
"""The track of the writes; each service is then waited for in a track of its own."""
OLD_VERSIONS = "old contents"
"""The track that removes old contents of configs and secrets, after everything else is done."""


@dataclass(frozen=True, slots=True)
class DeployArguments:
    """The arguments of ``deploy``."""

    stack: Annotated[str, Word(STACK, "a stack of swarmbot.yml")]
    prune: Annotated[bool, Flag(None, "remove services that the compose file does not have")] = False
    no_resolve: Annotated[bool, Flag(None, "deploy image names as they are, without asking registries")] = False
    revision: Annotated[
        int, Flag(number("N", 1, MAX_COUNT), "deploy what an earlier deploy was made from; `stack STACK` lists them")
    ] = 0
    file: Annotated[bool, Flag(None, "enter the compose file in a form, for any stack")] = False
    typed: Annotated[str, TypedText()] = ""


@dataclass(frozen=True, slots=True)
class UndeployArguments:
    """The arguments of ``undeploy``."""

    stack: Annotated[str, Word(STACK, "a stack that runs")]


def _deploy_query(arguments: DeployArguments) -> FactsQuery:
    resolve: ResolveImages = "never" if arguments.no_resolve else "always"
    stack = StackQuery(arguments.stack, prune=arguments.prune, resolve=resolve, thorough=True)
    stack = replace(stack, revision=arguments.revision, typed=arguments.typed)
    return FactsQuery(services=True, good_specs=True, task_list=True, stack=stack)


def _undeploy_query(arguments: UndeployArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True, stack=StackQuery(arguments.stack, objects_only=True))


def _validate(arguments: DeployArguments) -> None:
    if arguments.file and arguments.revision:
        raise NotUnderstood(
            "`--file` and `--revision` both say what to deploy.", next_step="Give one of them, or none of them."
        )
    if arguments.file:
        require_stack_name(arguments.stack)


COMPOSE_FILE = TextField(
    "Compose file",
    hint="Up to 3000 characters. It can name no other files. It is kept encrypted, as a revision once it is deployed.",
    argument="typed",
    needed=lambda arguments: arguments.file,
    about=lambda arguments: arguments.stack,
    problem=file_problem,
)


# One approval by default: a compose file can mount any folder of a node, so a person who deploys has root's rights
# there. A typed file has a subject of its own: a rule that waives the approval for files of a repository must not waive
# it here.
@change(
    "deploy",
    has_form=True,
    group="Services",
    help="Deploy a stack as its compose file describes it, and wait until its services run",
    example="deploy app",
    permission="operate",
    risk="capacity",
    approval=1,
    subject=lambda arguments: "deploy file" if arguments.file else "deploy",
    validate=_validate,
    query=_deploy_query,
    form=COMPOSE_FILE,
)
def deploy(facts: Facts, arguments: DeployArguments) -> Plan:
    """Carry out the writes of Docker's own CLI, without those that change nothing."""
    swarm = require_cluster(facts)
    recording = _recording(facts)
    unresolved = "" if arguments.no_resolve else _order(replace(arguments, no_resolve=True))
    refuse_impossible(recording, unresolved=unresolved)
    pending = pending_writes(recording)
    drift = network_drift(recording)
    missing = not_running(facts, recording)
    if not pending:
        require_running(recording, missing)
        same = f"stack {tick(recording.name)} is as {recording.source} describes it ({counted(recording, pending)})"
        return Plan(
            _titles(facts, recording.name, "deploy", "deployed"),
            unchanged=(same, *(each.text for each in missing), *drift),
        )
    order = _order(arguments)
    steps = [_step(swarm, recording, write, order, resolve=not arguments.no_resolve) for write in pending]
    steps += [
        Step(_awaited(recording, write), write.name, after=WRITES)
        for write in pending
        if write.type == "service" and write.action != "delete"
    ]
    steps += [Step(_awaited(recording, each.write), each.write.name, after=WRITES) for each in missing]
    after = EVERY_TRACK
    for old in old_versions(facts, recording, pending):
        steps.append(Step(RemoveVersion(recording.name, old.type, old.name, old.id), OLD_VERSIONS, after=after))
        after = ""
    return Plan(
        _titles(facts, recording.name, "deploy", "deployed"),
        steps=tuple(steps),
        effect=f"{counted(recording, pending, EFFECT)} · {recording.source} · by Docker's command line {recording.cli}",
        costs=tuple(cost for write in pending for cost in costs_of(facts, recording, write)),
        warnings=(
            *(f"{each.text} now. The deploy does not change it, and waits for it too." for each in missing),
            *_risks(facts, recording, pending),
            *stack_warnings(recording),
            *(f"{each}." for each in drift),
        ),
    )


@change(
    "undeploy",
    group="Services",
    help="Remove a stack: its services, secrets, configs and networks; volumes stay",
    example="undeploy app",
    permission="operate",
    risk="loss",
    approval=1,
    subject="deploy",
    query=_undeploy_query,
)
def undeploy(facts: Facts, arguments: UndeployArguments) -> Plan:
    """Remove what has the stack's label: services first, networks last."""
    swarm = require_cluster(facts)
    recording = _recording(facts)
    writes = removals(recording)
    if not writes:
        raise _no_stack(facts, recording)
    _refuse_used_elsewhere(recording)
    return Plan(
        _titles(facts, arguments.stack, "remove", "removed"),
        steps=tuple(_step(swarm, recording, write, f"undeploy {recording.name}") for write in writes),
        effect=f"{number_of(len(writes), 'object')}; volumes stay on their nodes",
        costs=tuple(cost for write in writes for cost in costs_of(facts, recording, write)),
    )


def _titles(facts: Facts, stack: str, verb: str, participle: str) -> PlanTitles:
    title = f"stack {tick(stack)}"
    return PlanTitles(
        present=f"{verb}s {title} in {facts.name}",
        imperative=f"{verb} {title} in {facts.name}",
        success=f"Stack {tick(stack)} is {participle} in {facts.name}",
        failure=f"Stack {tick(stack)} was not completely {participle} in {facts.name}",
    )


def _awaited(recording: StackRecording, write: StackWrite) -> AwaitService:
    identity = write.id if write.action == "update" else ""
    return AwaitService(recording.name, write.name, spec_digest(recording, write.body), identity)


def _order(arguments: DeployArguments) -> str:
    """Return the command with the flags that its plan depends on."""
    flags = [
        *(["--prune"] if arguments.prune else []),
        *(["--no-resolve"] if arguments.no_resolve else []),
        *([f"--revision {arguments.revision}"] if arguments.revision else []),
        *(["--file"] if arguments.file else []),
    ]
    return " ".join(["deploy", arguments.stack, *flags])


def _step(
    swarm: ClusterFacts, recording: StackRecording, write: StackWrite, order: str, *, resolve: bool = True
) -> Step:
    """Return the step that carries out a write. ``resolve``: whether registries are asked for digests again."""
    service = swarm.service(write.id) if write.action == "update" else None
    operation = DeployObject(
        stack=recording.name,
        type=write.type,
        object=write.name,
        action=write.action,
        digest=digest(recording, write),
        changes=changes_of(swarm, recording, write),
        resolve=resolve,
        commit=recording.commit,
        revision=recording.revision,
        typed=recording.typed,
        id="" if write.action == "create" else write.id,
        last_update=last_update(service) if service else 0.0,
        order=order,
        base=write.base if write.action == "create" else "",
    )
    return Step(operation, WRITES)


def _recording(facts: Facts) -> StackRecording:
    if facts.stack is None:
        raise Refused(f"no manager of {facts.name} could be read.", true_now="Nothing was changed.")
    return facts.stack


def _risks(facts: Facts, recording: StackRecording, pending: tuple[StackWrite, ...]) -> Iterator[str]:
    for write in pending:
        yield from warnings_of(facts, recording, write)


def _no_stack(facts: Facts, recording: StackRecording) -> NotUnderstood:
    stacks = sorted({each.stack for each in recording.objects} - {""})
    meant = did_you_mean(recording.name, stacks)
    known = f"Stacks: {', '.join(map(tick, stacks))}." if stacks else "It runs no stacks."
    return NotUnderstood(f"{facts.name} has no stack {echo(recording.name)}.{meant}", next_step=known)


def _refuse_used_elsewhere(recording: StackRecording) -> None:
    """Raise Refused if a service of another stack uses an object of this one: an engine would refuse half-way."""
    ids = {each.id: each for each in recording.members if each.type != "service"}
    for service in recording.objects:
        if service.type != "service" or service.stack == recording.name:
            continue
        used = [each for identity, each in ids.items() if identity in str(service.spec)]
        if used:
            names = listed(f"{each.type} {tick(each.name)}" for each in used)
            raise Refused(
                f"{tick(service.name)}, which is not part of stack {tick(recording.name)}, uses {names}.",
                true_now="Nothing was changed.",
                next_step="Change or remove that service first.",
            )
