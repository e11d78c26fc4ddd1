"""The true state of a simulated cluster: machines, the routes between them, node records, and Raft.

A call that loses quorum raises QuorumLost. A call without force that removes the failure tolerance raises Weakened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations, count
from typing import Final

from bot.model import Json

LATE: Final = 3
"""The number of ticks until managers notice that a node is down or back, or that they have lost quorum."""


class QuorumLost(AssertionError):
    """A call to an engine lost quorum."""


class Weakened(AssertionError):
    """A call without force removed the failure tolerance."""


@dataclass
class Machine:
    """A host."""

    name: str
    address: str
    up: bool = True
    cable: bool = True
    """Whether it is on the network."""
    ssh: bool = True
    """Whether Swarmbot can log in."""
    node: str = ""
    """The id of its membership, "" without one."""
    manages: bool = False
    """Whether its engine acts as a manager."""
    alone: int = 0
    """The number of ticks for which its engine has had no leader."""
    memory: list[Json] = field(default_factory=list)
    """The last node list from the leader."""

    @property
    def there(self) -> bool:
        """Return whether the network reaches it."""
        return self.up and self.cable


@dataclass
class Record:
    """A node as the managers list it.

    ``seen`` is whether they call it alive, ``since`` for how many ticks this has been wrong.
    """

    id: str
    machine: Machine
    spec: Json
    seen: bool = True
    since: int = 0


class World:
    """Machines host-1…: the first ``managers`` are managers, the next two are workers if there are enough machines."""

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

    # The truth

    @property
    def has_quorum(self) -> bool:
        """Return whether one of the members hears a majority of them."""
        return self._can_lead(self._alive())

    @property
    def tolerates(self) -> int:
        """Return how many arbitrary members may fail; -1 without quorum."""
        alive = self._alive()
        for failures in range(len(alive) + 1):
            if not all(map(self._can_lead, combinations(alive, len(alive) - failures))):
                return failures - 1
        return -1

    def _can_lead(self, alive: Sequence[Machine]) -> bool:
        """Return whether one of these machines hears enough of the others."""
        return any(2 * sum(self.hear(one, other) for other in alive) > len(self.raft) for one in alive)

    @property
    def leader(self) -> Machine | None:
        """Return the leader if a majority hears it."""
        machine = next((each for each in self._alive() if each.node == self._leader), None)
        return machine if machine and 2 * len(self._heard_by(machine)) > len(self.raft) else None

    def reaches(self, one: Machine, other: Machine) -> bool:
        """Return whether a connection from one machine to another works."""
        return one is other or (one.there and other.there and not self._shut(one, other))

    def _shut(self, one: Machine, other: Machine) -> bool:
        """Return whether a route is blocked. One that only a machine without SSH could test counts as open (0019)."""
        back = other.ssh and (other.name, one.name) in self.closed
        return (one.name, other.name) in self.closed and (one.ssh or back)

    def hear(self, one: Machine, other: Machine) -> bool:
        """Return whether they reach each other: Raft answers on a separate connection."""
        return self.reaches(one, other) and self.reaches(other, one)

    def _alive(self) -> list[Machine]:
        return [machine for machine in self.machines.values() if machine.up and machine.node in self.raft]

    def _heard_by(self, machine: Machine) -> list[Machine]:
        return [other for other in self._alive() if self.hear(machine, other)]

    def admit(self, machine: Machine, role: str) -> None:
        """Make a machine a member of the cluster."""
        machine.node, machine.manages, machine.alone = next(self._ids), role == "manager", 0
        spec = {"Role": role, "Availability": "active", "Labels": {}}
        self.records[machine.node] = Record(machine.node, machine, spec)
        if machine.manages:
            self.raft.add(machine.node)

    def tick(self) -> None:
        """Let time pass: managers notice changes late, and engines learn their roles from a leader."""
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
        """Elect a leader if possible."""
        able = (machine for machine in self._alive() if 2 * len(self._heard_by(machine)) > len(self.raft))
        self._leader = next((machine.node for machine in able), "")

    def _learn(self, machine: Machine) -> None:
        record = self.records.get(machine.node)
        if record and record.spec["Role"] == "manager":
            self.raft.add(machine.node)
        machine.manages = machine.node in self.raft
        machine.memory = self.listed()

    # Faults

    def power(self, name: str, *, on: bool) -> None:
        """Switch a machine off or on. A manager that was demoted meanwhile learns it when it starts."""
        machine = self.machines[name]
        machine.up = on
        machine.manages = machine.manages and (not on or machine.node in self.raft)

    def inject(self, what: str, name: str, other: str, *, on: bool) -> None:
        """Break or repair a machine's power, cable or SSH, or the route from it to another machine.

        ``leave``: somebody makes it leave by hand; this cannot be undone.
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
        """Run a change of an engine. Raise QuorumLost if it loses quorum, Weakened if it removes the failure tolerance.

        A change that is not ``lasting`` may remove the failure tolerance for a while.
        """
        had = self.tolerates
        yield
        if self.leader is None:
            self.elect()
        if had >= 0 and self.raft and self.tolerates < 0:
            raise QuorumLost(f"too few of {len(self.raft)} managers hear each other")
        if lasting and had > 0 >= self.tolerates and self.raft and not self.forced:
            raise Weakened(f"{had} failures were tolerated, and now {self.tolerates}")

    # What the leader reports

    def listed(self) -> list[Json]:
        """Return the node list as the leader reports it."""
        return [self._node(record) for record in self.records.values()]

    def managers(self) -> list[Machine]:
        """Return the machines of Raft's members."""
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
