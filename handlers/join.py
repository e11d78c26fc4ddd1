"""`/swarm join worker|manager HOST…`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bot.commands import ADDRESS, HOST, LABEL, Flag, Permission, Word, change, choice
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Plan
from bot.swarm.membership.joining import Joining, join_plan
from bot.swarm.quorum import has_quorum
from bot.swarm.reading.node_lookup import no_readable_cluster


@dataclass(frozen=True, slots=True)
class JoinArguments:
    """The arguments of ``join``."""

    role: Annotated[
        Literal["worker", "manager"], Word(choice("worker", "manager"), "role of the hosts", suggested="worker")
    ]
    hosts: Annotated[tuple[str, ...], Word(HOST, "hosts in swarmbot.yml; `host-[3-5]` means three hosts")]
    availability: Annotated[
        Literal["active", "pause", "drain"] | None,
        Flag(choice("active", "pause", "drain"), "availability of the new nodes"),
    ] = None
    advertise_addr: Annotated[
        str | None, Flag(ADDRESS, "address or interface that other nodes use to reach the host")
    ] = None
    listen_addr: Annotated[str | None, Flag(ADDRESS, "address and port to listen on")] = None
    data_path_addr: Annotated[str | None, Flag(ADDRESS, "address or interface for overlay traffic")] = None
    label: Annotated[tuple[tuple[str, str], ...], Flag(LABEL, "label to set on the new nodes")] = ()


def _permission(arguments: JoinArguments) -> Permission:
    return "administer" if arguments.role == "manager" else "operate"


def _subject(arguments: JoinArguments) -> str:
    return f"join {arguments.role}"


def _approval(arguments: JoinArguments) -> int:
    return 1 if arguments.role == "manager" else 0


def _query(arguments: JoinArguments) -> FactsQuery:
    labels = bool(arguments.label)  # a member's label can take its tasks away
    return FactsQuery(probe=arguments.hosts, every_peer=True, probe_again=True, services=labels, task_list=labels)


@change(
    "join",
    has_form=True,
    group="Nodes",
    help="Add hosts to the cluster over SSH",
    example="join worker host-3 host-4",
    permission=_permission,
    risk="reversible",
    approval=_approval,
    subject=_subject,
    query=_query,
)
def join(facts: Facts, arguments: JoinArguments) -> Plan:
    """Join each host that can join; report what stops the others. Members with another role or options are refused."""
    if facts.swarm is None:
        raise no_readable_cluster(facts, "Nothing was changed.")
    if not has_quorum(facts):
        raise Refused(
            f"{facts.name} has no quorum, so no host can join.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows how to restore the quorum.",
        )
    return join_plan(
        facts,
        Joining(
            role=arguments.role,
            hosts=arguments.hosts,
            availability=arguments.availability,
            advertise_addr=arguments.advertise_addr,
            listen_addr=arguments.listen_addr,
            data_path_addr=arguments.data_path_addr,
            labels=arguments.label,
        ),
    )
