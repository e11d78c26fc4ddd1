"""What the tests of a recovery share: five managers that lose their quorum, its steps one by one, and a watch."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Timer
from time import sleep
from typing import Any, Final, Self

from bot.commands import Vocabulary, read_arguments
from bot.engine.pool import ClusterEngines
from bot.errors import Refused, SwarmbotError
from bot.execution.planning import let_through, planned
from bot.execution.step_run import carry_out
from bot.model import Facts, FactsQuery, Operation, Plan, PlanTitles
from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.commands import COMMANDS
from tests.kits.engines import init, joining
from tests.kits.split_brain_watch import Watch, configs

ALL: Final = ("host-1", "host-2", "host-3", "host-4", "host-5")
PATIENCE: Final = 150.0
"""Seconds in which the managers that came back must be managers of the one cluster; 50 to 90 were measured."""
BESIDE: Final = 0.5


class Recovery:
    """A cluster of five managers that lost its quorum, and the recovery of it, step by step."""

    def __init__(self, fleet: Fleet, cluster: ClusterEngines) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self.reader = FactsReader({})
        self.power = ThreadPoolExecutor(len(ALL))
        self.plan = Plan(PlanTitles())

    def __enter__(self) -> Self:
        """Make the cluster; each manager knows the config ``kept``."""
        remote = init(self.cluster, "host-1")
        token = self.cluster["host-1"].join_tokens().manager
        for name in ALL[1:]:
            self.cluster[name].join_swarm({**joining(self.cluster, name, remote), "Availability": "active"}, token)
        self.fleet["host-1"].docker("config", "create", "kept", "/etc/hostname")
        until(self.are_one, "five managers are one cluster", timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.power.shutdown()
        self.reader.close()

    def read(self, query: FactsQuery) -> Facts:
        """What the bot sees."""
        return self.reader.read("prod", self.cluster, query)

    def lose(self, *, off: tuple[str, ...] = (), stopped: tuple[str, ...] = ()) -> None:
        """Power some off, which are gone, kill the engines of others, and have it planned once the loss is noticed."""
        for name in off:
            self.fleet[name].power_off()
        for name in stopped:
            self.fleet[name].kill_docker()
        command = COMMANDS["recover"]
        words = [word for name in off for word in ("--gone", name)]
        words += [word for name in stopped for word in ("--hold-off", name)]
        arguments = read_arguments(command, tuple(words), Vocabulary("prod", ALL))

        def is_planned() -> bool:
            with suppress(Refused):
                self.plan = planned(command, self.read(command.query(arguments)), arguments, "zone")
                return True
            return False

        until(is_planned, "the recovery is planned", timeout=60)

    @property
    def steps(self) -> list[Operation]:
        """The plan's."""
        return [step.operation for step in self.plan.steps]

    def do(self, operation: Operation) -> None:
        """Carry one step out, as a worker would."""
        step = next(step for step in self.plan.steps if step.operation == operation)
        carry_out(operation, self.cluster, self.read, sleep, lambda facts: let_through(step, facts, self.plan))

    def play(self, step: int, names: tuple[str, ...], *, beside: bool = False) -> str:
        """Carry the plan out until a step fails, and return why; the lost come back just before ``step`` begins.

        ``beside``: half a second after it has begun.
        """
        for number, operation in enumerate(self.steps):
            if number == step:
                Timer(BESIDE if beside else 0.0, self.come_back, names).start()
            try:
                self.do(operation)
            except SwarmbotError as error:
                return f"{operation.doing}: {error}"
        return ""

    def await_up(self, names: tuple[str, ...]) -> None:
        """Return when the engines of these hosts answer."""
        for name in names:
            until(lambda name=name: self.fleet[name].up, f"{name} is on")  # type: ignore[misc] # mypy knows no such lambda
            self.fleet[name].await_docker(timeout=PATIENCE)

    def members(self) -> tuple[str, ...]:
        """Who has not left. An engine without a leader may not answer for a while."""
        return tuple(name for name in ALL if self._membership(name) != "inactive")

    def _membership(self, name: str) -> str:
        found: list[str] = []

        def answers() -> bool:
            with suppress(SwarmbotError):
                found.append(self.cluster[name].info()["Swarm"]["LocalNodeState"])
            return bool(found)

        until(answers, f"the engine of {name} answers", timeout=PATIENCE)
        return found[0]

    def come_back(self, *names: str) -> None:
        """Power hosts on again, or start their engines, all at once and beside what goes on."""
        for name in names:
            host = self.fleet[name]
            self.power.submit(host.start_docker if host.up else host.power_on, timeout=PATIENCE)

    def are_one(self, names: tuple[str, ...] = ALL) -> bool:
        """Whether these are the reachable managers of one Raft, and each of them says so."""
        first, *others = [self._view(name) for name in names]
        return isinstance(first, tuple) and len(first[1]) == len(names) and all(view == first for view in others)

    def assert_one_cluster(self, names: tuple[str, ...] = ALL) -> None:
        """They are the managers of one Raft; what was there before is there, and a write on any is read on all."""
        until(lambda: self.are_one(names), f"there is one cluster of {len(names)} managers", timeout=PATIENCE)
        self.fleet[names[-1]].docker("config", "create", "new", "/etc/hostname")
        for name in names:
            assert {"kept", "new"} <= configs(self.fleet[name])

    def tell(self, watch: Watch, ended: str) -> None:
        """Print how it went, for who runs the long tests with -s."""
        lost = f"writes lost: {watch.lost or 'none seen'} ({watch.rounds} rounds)"
        sys.stdout.write(f"\n{', '.join(self.members())} are one; {ended or 'no step failed'}; {lost}\n")

    def _view(self, name: str) -> Any:
        """What a manager believes: its cluster's id, and who is reachable in Raft and leads. Else why it cannot say."""
        try:
            swarm = self.cluster[name].info()["Swarm"]
            if not swarm["ControlAvailable"]:
                return swarm["LocalNodeState"]
            nodes = [(node["ID"], node.get("ManagerStatus") or {}) for node in self.cluster[name].nodes()]
        except SwarmbotError as error:
            return error.happened
        up = sorted((node, bool(of.get("Leader"))) for node, of in nodes if of.get("Reachability") == "reachable")
        return swarm["Cluster"]["ID"], tuple(up)
