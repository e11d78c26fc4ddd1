"""What could only be refused later is refused before it is queued: the error alone, without "On it"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Annotated, Final

import pytest
from redis import Redis

from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit, Filter
from bot.blocks import Message
from bot.commands import SERVICE, Flag, Word, change
from bot.config import Config
from bot.errors import NotUnderstood, Refused
from bot.freeze import Freezes
from bot.gate import Gate
from bot.gate.call import Call
from bot.gate.early_refusals import EarlyRefusals
from bot.last_read import LastRead
from bot.model import ClusterFacts, Facts, Plan, PlanTitles, ServiceFacts
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.inbound.requests import SlashRequest
from bot.store.keys import Lane
from tests.kits.jobs import request_for, taken
from tests.kits.nodes import worker
from tests.unit.gate.conftest import CONFIG
from tests.unit.gate.test_gate import command

REQUESTS = count()
ID: Final = "x1c6kzyi45zd4a9bq8f2p0w3v"


def typed(text: str, *, user: str = "U0ADA") -> SlashRequest:
    """Return a request for ``text``, each time a new one."""
    return replace(command(text), user=user, request_key=f"{text} {next(REQUESTS)}")


@pytest.fixture
def last_read(client: Redis) -> LastRead:
    """Return what was read of prod: its two hosts, and a node that swarmbot.yml does not name."""
    found = LastRead(client)
    names = {"idofhost1": "host-1", "idofhost2": "host-2", "idofbuild": "build-node"}
    nodes = tuple(worker(node_id, name) for node_id, name in names.items())
    found.note("prod", ClusterFacts("cluster", "host-1", 1, {}, nodes))
    return found


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("update --cert-expiry 30m", "at least 1 hour"),
        ("init host-1 --data-path-port 7946", "Swarm uses 7946"),
        ("label host-2", "No label is given"),
        ("backup --on host-1", "`--on` needs `--drill`"),
        ("ca --cert-expiry 2h", "need `--rotate`"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused_at_once(gate: Gate, queue: Queue, words: str, told: str) -> None:
    """That needs no facts, so no worker has to say it."""
    with pytest.raises((NotUnderstood, Refused), match=told):
        gate.slash(typed(words))
    assert queue.recent("prod", 9) == []


@pytest.mark.usefixtures("last_read")
@pytest.mark.parametrize(
    "words", ["drain biuld-node", "remove biuld-node", "label biuld-node a=b", "promote biuld-node"]
)
def test_an_unknown_node_is_refused_at_once(gate: Gate, queue: Queue, words: str) -> None:
    """With the nearest name, when the cluster was read, and how to read it again. No job is made."""
    with pytest.raises(NotUnderstood) as refused:
        gate.slash(typed(words))
    assert "prod had no node `biuld-node` when it was last read, <!date^" in refused.value.happened
    assert refused.value.happened.endswith("Did you mean `build-node`?")
    assert "Nodes: `host-1`, `host-2`, `build-node`. `/swarm nodes` reads them again." in refused.value.next_step
    assert queue.recent("prod", 9) == []


@pytest.mark.usefixtures("last_read")
@pytest.mark.parametrize(
    "words", ["drain build-node", "drain idofbui", "drain host-2", f"drain {ID}", "node biuld-node"]
)
def test_a_name_that_may_be_right_is_left_to_the_worker(gate: Gate, queue: Queue, words: str) -> None:
    """A node, the start of its id, a host, an id that may be newer than the last read; a question reads anyway."""
    gate.slash(typed(words))
    assert [job.order.words for job in queue.recent("prod", 9)] == [words]


def test_names_that_were_not_read_refuse_nothing(gate: Gate, queue: Queue) -> None:
    """Nobody has asked about the cluster in the last hour."""
    gate.slash(typed("drain biuld-node"))
    assert len(queue.recent("prod", 9)) == 1


@pytest.mark.usefixtures("last_read")
def test_names_refuse_nothing_while_a_change_may_add_one(gate: Gate, queue: Queue) -> None:
    """Orders typed in a row do what they do one by one."""
    for words in ("join worker host-2", "label new-name zone=a"):
        gate.slash(typed(words))
    assert len(queue.in_line("prod")) == 2


@pytest.mark.parametrize("words", ["update web --image web:2", "restart web", "resume web"])
def test_the_rollout_of_a_running_job_is_paused_by_cancelling_it(gate: Gate, queue: Queue, words: str) -> None:
    """A pause would have to wait for its turn until the rollout has ended. That of another service waits."""
    gate.slash(typed(words))
    gate.slash(typed("pause web --service"))
    job = taken(queue).job.id
    with pytest.raises(Refused, match="carries out this rollout") as refused:
        gate.slash(typed("pause web --service --plan"))
    assert f"`/swarm cancel {job}` stops it" in refused.value.next_step
    gate.slash(typed("pause api --service"))


def test_a_rollout_of_a_deploy_is_paused_after_it_was_cancelled(gate: Gate, queue: Queue) -> None:
    """A cancelled deploy stops waiting, and lets Docker continue with the service that it updates."""
    gate.slash(typed("deploy shop"))
    job = taken(queue).job.id
    with pytest.raises(Refused, match="carries out this rollout") as refused:
        gate.slash(typed("pause shop_web --service"))
    then = "then `/swarm pause shop_web --service` pauses the rollout."
    assert refused.value.next_step == f"`/swarm cancel {job}` stops it, {then}"
    gate.slash(typed("pause web --service"))


@dataclass(frozen=True)
class Restarted:
    """The arguments of a change of services."""

    services: Annotated[tuple[str, ...], Word(SERVICE, "services")]
    like: Annotated[str, Flag(SERVICE, "a service")] = ""


@change("restart", group="Services", help="x", example="x", permission="operate", risk="capacity", approval=0)
def restart(_: Facts, __: Restarted) -> Plan:
    """Return a plan that nothing here carries out."""
    return Plan(PlanTitles())


@pytest.fixture
def ordered(client: Redis, queue: Queue, audit: Audit, last_read: LastRead) -> Callable[[Restarted], None]:
    """Return what checks a restart; ``web`` and ``api`` were the services of prod."""
    services = tuple(ServiceFacts(name, 1, 1, id=f"idof{name}") for name in ("web", "api"))
    last_read.note("prod", ClusterFacts("cluster", "host-1", 1, {}, (), services=services), services=True)
    approvals = ApprovalRepository(client, audit)
    config = Config.model_validate(CONFIG)
    refusals = EarlyRefusals(
        config=config,
        queue=queue,
        approvals=approvals,
        freezes=Freezes(client, audit, config),
        audit=audit,
        last_read=last_read,
    )

    def check(arguments: Restarted) -> None:
        call = Call(restart, arguments, "restart", "prod", "U0ADA", "C0PROD", "", f"key {next(REQUESTS)}")
        refusals.check(call, may_need_approval=False)

    return check


@pytest.mark.parametrize("arguments", [Restarted(("api", "wbe")), Restarted(("api",), like="wbe")])
def test_an_unknown_service_is_refused_at_once(ordered: Callable[[Restarted], None], arguments: Restarted) -> None:
    """With the nearest name, whether a word or a flag names it."""
    with pytest.raises(NotUnderstood) as refused:
        ordered(arguments)
    assert "prod had no service `wbe` when its services were last read, <!date^" in refused.value.happened
    assert refused.value.happened.endswith("Did you mean `web`?")
    assert refused.value.next_step.startswith("Services: `web`, `api`. `/swarm services` reads them again. Usage: ")


def test_a_long_list_says_how_many_are_left_out(
    ordered: Callable[[Restarted], None], last_read: LastRead, gate: Gate
) -> None:
    """At most twelve services or nodes are named."""
    services = tuple(ServiceFacts(f"web-{number}", 1, 1, id=f"idof{number}") for number in range(15))
    nodes = tuple(worker(f"idof{number}", f"node-{number}") for number in range(13))
    last_read.note("prod", ClusterFacts("cluster", "host-1", 1, {}, nodes, services=services), services=True)
    with pytest.raises(NotUnderstood) as refused:
        ordered(Restarted(("wbe-1",)))
    assert "`web-11` and 3 more. " in refused.value.next_step
    with pytest.raises(NotUnderstood) as refused:
        gate.slash(typed("drain noed-1"))
    assert "`node-11` and 1 more. " in refused.value.next_step


def test_a_service_that_may_be_there_is_left_to_the_worker(ordered: Callable[[Restarted], None], gate: Gate) -> None:
    """A name, the start of an id, an id that may be newer; and any name while a change may create it."""
    for name in ("web", "idofap", ID):
        ordered(Restarted((name,)))
    gate.slash(typed("label host-2 zone=a"))
    ordered(Restarted(("wbe",)))


def parked(
    queue: Queue, audit: Audit, lane: Lane = "exclusive", *, confirmation: bool = False, frozen: bool = False
) -> Job:
    """Let the next job wait for approval, or for its requester; return it."""
    lease = taken(queue, lane=lane)
    request = replace(request_for(lease.job.id), confirmation=confirmation, frozen=frozen)
    ApprovalRepository(queue._redis, audit).open(lease, request, "{}", [])
    return lease.job


def test_the_same_order_is_not_requested_twice(gate: Gate, queue: Queue, audit: Audit) -> None:
    """While the first waits for approval, the second gets its id. Other orders and ``--plan`` continue."""
    gate.slash(typed("leave host-2"))
    first = parked(queue, audit)
    with pytest.raises(Refused, match=f"this is already waiting as `{first.id}`, requested by <@U0ASKER>") as refused:
        gate.slash(typed("leave host-2"))
    assert "has 0 of the 1 approval that" in refused.value.happened
    assert refused.value.next_step.startswith(f"`/swarm approvals {first.id}` shows it")
    assert len(queue.recent("prod", 9)) == 1
    assert [entry.action for entry in audit.query(Filter(command="leave"))] == ["refused", "asked"]
    for words in ("leave host-1", "leave host-2 --force", "leave host-2 --plan"):
        gate.slash(typed(words))
    assert len(queue.recent("prod", 9)) == 4


def test_what_waits_because_of_a_freeze_says_so(gate: Gate, queue: Queue, audit: Audit) -> None:
    """A person who requests it again learns whether the freeze is over, and how to continue without its approval."""
    gate.slash(typed("label host-2 zone=a"))
    first = parked(queue, audit, frozen=True)
    again = f"Requested again it needs no approval: `/swarm cancel {first.id}`, then the same order."
    shows = f"`/swarm approvals {first.id}` shows it; `/swarm cancel {first.id}` withdraws it."
    with pytest.raises(Refused) as refused:
        gate.slash(typed("label host-2 zone=a"))
    assert refused.value.next_step == f"{shows} The freeze that added one of these approvals is over. {again}"
    gate.slash(typed("freeze --until 4h --reason sale"))
    with pytest.raises(Refused) as refused:
        gate.slash(typed("label host-2 zone=a"))
    told = re.sub(r"<!date[^>]*>", "18:00", refused.value.next_step)
    frozen = "One of these approvals is needed because prod is frozen until 18:00. After that:"
    assert told == f"{shows} {frozen} {again}"


def test_a_second_delivery_is_no_second_order(gate: Gate, queue: Queue, audit: Audit) -> None:
    """Slack sends the request again because it did not get the answer: nothing is refused."""
    request = typed("leave host-2")
    gate.slash(request)
    parked(queue, audit)
    told = gate.slash(request)
    assert told is None or isinstance(told, Message)
    assert len(queue.recent("prod", 9)) == 1


def test_the_answer_to_a_question_is_for_its_requester(gate: Gate, queue: Queue, audit: Audit) -> None:
    """A second person who wants the key gets a request of their own; the first does not."""
    gate.slash(typed("unlock-key"))
    first = parked(queue, audit, lane="concurrent")
    with pytest.raises(Refused, match=f"already waiting as `{first.id}`"):
        gate.slash(typed("unlock-key"))
    gate.slash(typed("unlock-key", user="U0CLEO"))
    assert len(queue.recent("prod", 9)) == 2


def test_what_only_its_requester_decides_stops_nobody_else(gate: Gate, queue: Queue, audit: Audit) -> None:
    """Who was asked to proceed is not asked twice, and may answer with `--yes`. Others may order the same."""
    gate.slash(typed("drain host-2"))
    first = parked(queue, audit, confirmation=True)
    with pytest.raises(Refused, match=f"already waiting as `{first.id}`.*: it waits for your decision"):
        gate.slash(typed("drain host-2"))
    gate.slash(typed("drain host-2 --yes"))
    gate.slash(typed("drain host-2", user="U0CLEO"))
    assert len(queue.in_line("prod")) == 2


def test_the_same_nodes_in_another_order_are_the_same_order(gate: Gate, queue: Queue, audit: Audit) -> None:
    """Approvers would see two cards for one change. Some of the nodes are another order."""
    gate.slash(typed("promote host-1 host-2"))
    first = parked(queue, audit)
    with pytest.raises(Refused, match=f"already waiting as `{first.id}`"):
        gate.slash(typed("promote host-2 host-1"))
    gate.slash(typed("promote host-2"))
    assert len(queue.recent("prod", 9)) == 2
