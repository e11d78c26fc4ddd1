"""200 people type 20 commands a second, with two web processes and two workers: none waits 3 s, none is lost or twice.

``LOAD_SECONDS=180 LOAD_RATE=20 pytest -m long tests/chaos/test_load.py`` runs it for another time, at another rate.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any, Final

import pytest

from bench.processes import memory_mib
from sandbox.deployment import PEOPLE as GROUPS
from sandbox.ports import free_port, listens
from sandbox.slack.delivery import Delivery
from sandbox.slack.team import Team
from tests.kits.jobs import until
from tests.kits.measured import record
from tests.kits.random_run.driver import Driver
from tests.kits.random_run.recorder import Recorder
from tests.kits.random_run.shared_cluster import SharedCluster
from tests.kits.random_run.simulated_deployment import SimulatedDeployment

SECONDS: Final = float(os.environ.get("LOAD_SECONDS", "600"))
RATE: Final = float(os.environ.get("LOAD_RATE", "20"))
"""Commands a second."""
PEOPLE: Final = 200
TYPING: Final = 48
"""How many commands may wait for their acknowledgement at once."""
SEED: Final = int(os.environ.get("LOAD_SEED", "1"))
CHANGE_SHARE: Final = 0.025
"""One change in two seconds: changes of a cluster run one after the other, and each takes a second here."""
QUESTIONS: Final = ("status", "nodes", "node host-{host}", "whoami", "help", "jobs", "audit", "status", "nodes")
HOSTS: Final = [f"host-{number}" for number in range(1, 8)]
SETTLE_TIMEOUT_S: Final = 180.0


class TwoWebs(SimulatedDeployment):
    """A simulated deployment whose requests go to two web processes in turn."""

    def __init__(self, folder: Path, cluster: Path) -> None:
        self._second_port = free_port()
        super().__init__(folder, cluster, hosts=HOSTS, workers=2)
        self.urls = [f"http://127.0.0.1:{port}/slack/events" for port in (self.port, self._second_port)]

    def start(self, name: str) -> None:
        """Start a process; ``web.2`` on its own port."""
        if name == "web.2":
            self._spawn(name, ["env", f"PORT={self._second_port}", sys.executable, "-m", "bot", "web"])
            until(lambda: listens(self._second_port), "the second web process listens")
        else:
            super().start(name)


@dataclass
class Crowd:
    """People of whom somebody types every ``1 / RATE`` seconds, whether or not the last one was answered."""

    deployment: TwoWebs
    recorder: Recorder
    chance: Random

    def type_for(self, people: list[str], seconds: float) -> list[Delivery]:
        """Type at the rate for this many seconds, and return the result of each command."""
        began = monotonic()
        typed: list[Future[Delivery]] = []
        with ThreadPoolExecutor(TYPING) as pool:
            for number in range(int(seconds * RATE)):
                sleep(max(0.0, began + number / RATE - monotonic()))  # the rate, however long answers take
                typed.append(pool.submit(self._type, number, people))
        return [each.result() for each in typed]

    def _type(self, number: int, people: list[str]) -> Delivery:
        slack = self.deployment.slack
        operator = self.chance.random() < CHANGE_SHARE
        who = people[10 * (number % 20)] if operator else people[number % PEOPLE]
        words = f"label host-{1 + number % 5} zone=z{number}" if operator else self.chance.choice(QUESTIONS)
        words = words.replace("{host}", str(1 + number % 5))
        slack.dispatcher.bot_url = self.deployment.urls[number % 2]
        at = time.time()
        delivery = slack.slash(who, "prod", words)
        self.recorder.request(at, words, delivery)
        return delivery


def arrive(team: Team) -> list[str]:
    """Let everybody into the channel, one in ten as operator, and return their ids."""
    ids = [team.add_user(f"U1{number:03}", f"person{number}").id for number in range(PEOPLE)]
    team.set_members("prod", {*team.channel("prod").members, *ids})
    group = next(each for each in team.groups.values() if each.id in GROUPS["people"]["operators"])
    team.set_group(group.id, [*group.users, *ids[::10]])
    return ids


@pytest.mark.long
@pytest.mark.timeout(SECONDS + SETTLE_TIMEOUT_S + 180)
def test_two_hundred_people(tmp_path: Path) -> None:
    """Every command is acknowledged within 3 s, has an end that its requester was told, and is carried out once."""
    cluster = SharedCluster(tmp_path / "cluster", size=len(HOSTS), managers=3, seed=SEED)
    deployment = TwoWebs(tmp_path / "deployment", cluster.path)
    people = arrive(deployment.slack.team)
    with cluster, deployment:
        deployment.start("web.2")
        recorder = Recorder(deployment, lambda: cluster.sightings)
        crowd = Crowd(deployment, recorder, Random(SEED))  # noqa: S311 - a run that can be repeated
        before = _memory(deployment)
        deliveries = crowd.type_for(people, SECONDS)
        history, violations = Driver(deployment, cluster, recorder).settle(SETTLE_TIMEOUT_S)
        acks = sorted(each.ack_ms for each in deliveries)
        late = [f"{each.payload['text']}: {each.status} {each.error}" for each in deliveries if each.error]
        median, slow, slowest = acks[len(acks) // 2], acks[len(acks) * 99 // 100], acks[-1]
        sys.stderr.write(
            f"seed {SEED}, {SECONDS:.0f} s: {history.summary}\n"
            f"acknowledged after (ms): median {median:.0f}, p99 {slow:.0f}, slowest {slowest:.0f}\n"
            f"MiB: {before} → {_memory(deployment)}\n"
        )
        record(
            "load",
            {
                "people": PEOPLE,
                "seconds": round(SECONDS),
                "commands": len(deliveries),
                "not acknowledged within 3 s": len(late),
                "acknowledged after, median, ms": round(median),
                "acknowledged after, p99, ms": round(slow),
                "acknowledged after, slowest, ms": round(slowest),
                "jobs that succeeded": sum(each.state == "succeeded" for each in history.jobs),
                "lost, untold, untrue or twice": len(violations),
            },
        )
        assert not late, late[:20]
        assert not violations, "\n".join(map(str, violations[:20]))
        assert sum(each.state == "succeeded" for each in history.jobs) > len(deliveries) / 3


def _memory(deployment: TwoWebs) -> dict[str, int]:
    found: dict[str, Any] = deployment.processes
    return {name: round(memory_mib(process.pid)) for name, process in found.items()}
