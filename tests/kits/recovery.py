"""Recovery of a lost quorum, step by step, while old managers return."""

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
from bot.execution.step_run import End, carry_out
from bot.model import Facts, FactsQuery, Operation, Plan, PlanTitles
from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.commands import COMMANDS
from tests.kits.engines import init, joining
from tests.kits.split_brain_watch import SplitBrainWatch, configs

ALL: Final = ("host-1", "host-2", "host-3", "host-4", "host-5")
REJOIN_TIMEOUT_S: Final = 150.0
"""Managers that return must be members of the cluster within this time; 50 to 90 s were measured."""
RETURN_DELAY_S: Final = 0.5


class Recovery:
    """A cluster of five managers that loses its quorum, and its recovery."""

    def __init__(self, fleet: Fleet, cluster: ClusterEngines) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self.reader = FactsReader({})
        self.power = ThreadPoolExecutor(len(ALL))
        self.plan = Plan(PlanTitles())

    def __enter__(self) -> Self:
        """Create the cluster; each manager has the config ``kept``."""
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
        """Return facts as the bot reads them."""
        return self.reader.read("prod", self.cluster, query)

    def lose(self, *, off: tuple[str, ...] = (), stopped: tuple[str, ...] = ()) -> None:
        """Power some hosts off, kill the engines of others, and plan the recovery once the loss is noticed."""
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
        """The operations of the plan."""
        return [step.operation for step in self.plan.steps]

    def do(self, operation: Operation) -> End:
        """Run one step as a worker does, and return how it was done."""
        step = next(step for step in self.plan.steps if step.operation == operation)
        return carry_out(operation, self.cluster, self.read, sleep, lambda facts: let_through(step, facts, self.plan))

    def run(self, step: int, names: tuple[str, ...], *, during: bool = False) -> str:
        """Run the plan until a step fails, and return the error; the lost hosts return just before ``step`` begins.

        With ``during`` they return half a second after it has begun.
        """
        for number, operation in enumerate(self.steps):
            if number == step:
                Timer(RETURN_DELAY_S if during else 0.0, self.come_back, names).start()
            try:
                self.do(operation)
            except SwarmbotError as error:
                return f"{operation.doing}: {error}"
        return ""

    def await_up(self, names: tuple[str, ...]) -> None:
        """Return when the engines of these hosts respond."""
        for name in names:
            until(lambda name=name: self.fleet[name].up, f"{name} is on")  # type: ignore[misc] # mypy cannot infer the type of this lambda
            self.fleet[name].await_docker(timeout=REJOIN_TIMEOUT_S)

    def members(self) -> tuple[str, ...]:
        """Return the hosts that have not left. An engine without a leader may not respond for a while."""
        return tuple(name for name in ALL if self._membership(name) != "inactive")

    def _membership(self, name: str) -> str:
        found: list[str] = []

        def answers() -> bool:
            with suppress(SwarmbotError):
                found.append(self.cluster[name].info()["Swarm"]["LocalNodeState"])
            return bool(found)

        until(answers, f"the engine of {name} answers", timeout=REJOIN_TIMEOUT_S)
        return found[0]

    def come_back(self, *names: str) -> None:
        """Power hosts on, or start their engines, all at once and in the background."""
        for name in names:
            host = self.fleet[name]
            self.power.submit(host.start_docker if host.up else host.power_on, timeout=REJOIN_TIMEOUT_S)

    def are_one(self, names: tuple[str, ...] = ALL) -> bool:
        """Return whether these are the reachable managers of one cluster according to each of them."""
        first, *others = [self._view(name) for name in names]
        return isinstance(first, tuple) and len(first[1]) == len(names) and all(view == first for view in others)

    def assert_one_cluster(self, names: tuple[str, ...] = ALL) -> None:
        """Assert that these form one cluster with the old config, and that a write on one is readable on all."""
        until(lambda: self.are_one(names), f"there is one cluster of {len(names)} managers", timeout=REJOIN_TIMEOUT_S)
        self.fleet[names[-1]].docker("config", "create", "new", "/etc/hostname")
        for name in names:
            assert {"kept", "new"} <= configs(self.fleet[name])

    def tell(self, watch: SplitBrainWatch, ended: str) -> None:
        """Print the result, for long tests with -s."""
        lost = f"writes lost: {watch.lost or 'none seen'} ({watch.rounds} rounds)"
        sys.stdout.write(f"\n{', '.join(self.members())} are one; {ended or 'no step failed'}; {lost}\n")

    def _view(self, name: str) -> Any:
        """Return a manager's cluster id, reachable managers and leader, or why it does not report them."""
        try:
            swarm = self.cluster[name].info()["Swarm"]
            if not swarm["ControlAvailable"]:
                return swarm["LocalNodeState"]
            nodes = [(node["ID"], node.get("ManagerStatus") or {}) for node in self.cluster[name].nodes()]
        except SwarmbotError as error:
            return error.happened
        up = sorted((node, bool(of.get("Leader"))) for node, of in nodes if of.get("Reachability") == "reachable")
        return swarm["Cluster"]["ID"], tuple(up)
