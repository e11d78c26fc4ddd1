"""What is true of a simulated cluster: machines, the ways between them, records, and Raft.

A call that loses the quorum raises QuorumLost; one that leaves one failure fatal which was survived before, and was not
forced to, Weakened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations, count
from typing import Final

from bot.model import Json

LATE: Final = 3
"""How many ticks pass until managers notice that a node is down or back, and that they have lost the quorum."""


class QuorumLost(AssertionError):
    """A call to an engine took the quorum away."""


class Weakened(AssertionError):
    """A call that was not forced left one failure fatal."""


@dataclass
class Machine:
    """A host. ``cable``: whether it is on the network; ``ssh``: whether the bot, which is there too, may log in.

    ``node``: the id of its membership, "" without one; ``manages``: its engine believes itself a manager. ``memory``
    is the node list as the leader told it last, ``alone`` for how many ticks its engine has heard of no leader.
    """

    name: str
    address: str
    up: bool = True
    cable: bool = True
    ssh: bool = True
    node: str = ""
    manages: bool = False
    alone: int = 0
    memory: list[Json] = field(default_factory=list)

    @property
    def there(self) -> bool:
        """Whether the network reaches it."""
        return self.up and self.cable


@dataclass
class Record:
    """A node as the managers list it. ``seen`` is whether they take it for alive, ``since`` for how long wrongly."""

    id: str
    machine: Machine
    spec: Json
    seen: bool = True
    since: int = 0


class World:
    """Machines host-1… of which the first ``managers`` are managers and two more are workers, if there are as many."""

    def __init__(self, size: int, managers: int) -> None:
        self.machines = {
            name: Machine(name, f"10.0.0.{number}") for number, name in ((n, f"host-{n}") for n in range(1, size + 1))
        }
        self.records: dict[str, Record] = {}
        self.raft: set[str] = set()
        self.closed: set[tuple[str, str]] = set()
        self.forced = False
        self._leader = ""
        self._ids = (f"node{number:03d}" for number in count(1))
        for machine in [*self.machines.values()][: managers + 2]:
            self.admit(machine, "manager" if len(self.raft) < managers else "worker")
        self.tick()

    # What is true

    @property
    def has_quorum(self) -> bool:
        """Whether one of Raft's members and those that it hears are most of them."""
        return self._can_lead(self._alive())

    @property
    def tolerates(self) -> int:
        """How many of them may fail, whichever they are; -1 without a quorum."""
        alive = self._alive()
        for failures in range(len(alive) + 1):
            if not all(map(self._can_lead, combinations(alive, len(alive) - failures))):
                return failures - 1
        return -1

    def _can_lead(self, alive: Sequence[Machine]) -> bool:
        """Whether one of these hears enough of these."""
        return any(2 * sum(self.hear(one, other) for other in alive) > len(self.raft) for one in alive)

    @property
    def leader(self) -> Machine | None:
        """The member that leads, if most of them hear it."""
        machine = next((each for each in self._alive() if each.node == self._leader), None)
        return machine if machine and 2 * len(self._heard_by(machine)) > len(self.raft) else None

    def reaches(self, one: Machine, other: Machine) -> bool:
        """Whether a connection from one machine to another is let through."""
        return one is other or (one.there and other.there and not self._shut(one, other))

    def _shut(self, one: Machine, other: Machine) -> bool:
        """What only a machine without SSH could try is taken for open, for no order could know (decision 0019)."""
        back = other.ssh and (other.name, one.name) in self.closed
        return (one.name, other.name) in self.closed and (one.ssh or back)

    def hear(self, one: Machine, other: Machine) -> bool:
        """Whether they reach each other: Raft answers on a connection of its own."""
        return self.reaches(one, other) and self.reaches(other, one)

    def _alive(self) -> list[Machine]:
        return [machine for machine in self.machines.values() if machine.up and machine.node in self.raft]

    def _heard_by(self, machine: Machine) -> list[Machine]:
        return [other for other in self._alive() if self.hear(machine, other)]

    def admit(self, machine: Machine, role: str) -> None:
        """Make a machine a member."""
        machine.node, machine.manages, machine.alone = next(self._ids), role == "manager", 0
        spec = {"Role": role, "Availability": "active", "Labels": {}}
        self.records[machine.node] = Record(machine.node, machine, spec)
        if machine.manages:
            self.raft.add(machine.node)

    def tick(self) -> None:
        """Let time pass: what changed is noticed late, and engines learn of their roles from a leader."""
        if self.leader is None:
            self.elect()
        leader = self.leader
        for machine in self.machines.values():
            machine.alone = 0 if leader and self.hear(leader, machine) else machine.alone + 1
        if leader is None:
            return
        for record in self.records.values():
            heard = record.machine.up and record.machine.node == record.id and self.hear(leader, record.machine)
            record.since = record.since + 1 if record.seen != heard else 0
            if record.since >= LATE:
                record.seen = heard
        for machine in self.machines.values():
            if machine.up and machine.alone == 0:
                self._learn(machine)

    def elect(self) -> None:
        """Have a leader, if one can be elected."""
        able = (machine for machine in self._alive() if 2 * len(self._heard_by(machine)) > len(self.raft))
        self._leader = next((machine.node for machine in able), "")

    def _learn(self, machine: Machine) -> None:
        record = self.records.get(machine.node)
        if record and record.spec["Role"] == "manager":
            self.raft.add(machine.node)
        machine.manages = machine.node in self.raft
        machine.memory = self.listed()

    # What befalls it

    def power(self, name: str, *, on: bool) -> None:
        """Pull a plug, or put it in; a manager that was demoted meanwhile is told when it starts."""
        machine = self.machines[name]
        machine.up = on
        machine.manages = machine.manages and (not on or machine.node in self.raft)

    def befall(self, what: str, name: str, other: str, *, on: bool) -> None:
        """Take the power, the cable or the bot's ``ssh`` from a machine, or the way from it to another; or give back.

        ``leave``: somebody makes it leave by hand, which nothing takes back.
        """
        machine = self.machines[name]
        match what:
            case "power":
                self.power(name, on=on)
            case "cable":
                machine.cable = on
            case "ssh":
                machine.ssh = on
            case "leave" if machine.up and not on:
                machine.node, machine.manages = "", False
            case "way":
                (self.closed.discard if on else self.closed.add)((name, other))

    @contextmanager
    def change(self, *, lasting: bool = True) -> Iterator[None]:
        """What an engine is told to do; QuorumLost if the quorum is gone by it, Weakened if it hangs by a thread.

        What is not ``lasting`` may hang by one meanwhile.
        """
        had = self.tolerates
        yield
        if self.leader is None:
            self.elect()
        if had >= 0 and self.raft and self.tolerates < 0:
            raise QuorumLost(f"of {len(self.raft)} managers too few hear each other")
        if lasting and had > 0 >= self.tolerates and self.raft and not self.forced:
            raise Weakened(f"{had} failures were survived, and now {self.tolerates}")

    # What the leader tells

    def listed(self) -> list[Json]:
        """The node list as the leader tells it."""
        return [self._node(record) for record in self.records.values()]

    def managers(self) -> list[Machine]:
        """The machines of Raft's members."""
        return [machine for machine in self.machines.values() if machine.node in self.raft]

    def _node(self, record: Record) -> Json:
        found: Json = {
            "ID": record.id,
            "Version": {"Index": 1},
            "Spec": record.spec,
            "Status": {"State": "ready" if record.seen else "down", "Addr": record.machine.address},
            "Description": {"Hostname": record.machine.name, "Engine": {"EngineVersion": "20.10.24"}},
        }
        if record.id in self.raft:
            found["ManagerStatus"] = {
                "Reachability": "reachable" if record.seen else "unreachable",
                "Leader": record.id == self._leader,
                "Addr": f"{record.machine.address}:2377",
            }
        return found
