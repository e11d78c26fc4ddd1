"""Redis' master dies and its Sentinels promote the replica, while people type: every order has its true end, once.

Redis replicates after it has answered, so what it took in its last milliseconds may be lost with it.
"""

from __future__ import annotations

import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from redis import Redis, RedisError

from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.deployment import REDIS_OPTIONS
from sandbox.ports import free_port
from tests.kits.jobs import until
from tests.kits.random_run.driver import Driver
from tests.kits.random_run.recorder import Recorder
from tests.kits.random_run.script import Size, script
from tests.kits.random_run.shared_cluster import SharedCluster
from tests.kits.random_run.simulated_deployment import SimulatedDeployment

HOSTS: Final = [f"host-{number}" for number in range(1, 6)]
SENTINELS: Final = ("sentinel.1", "sentinel.2", "sentinel.3")
QUIET: Final = Size(
    seconds=30,
    pause_s=2.0,
    hosts=HOSTS,
    workers=(),
    others=(),
    outage_s=(0, 0),
    stop_s=(0, 0),
    host_off_s=(0, 0),
)
DIES_AFTER_S: Final = 10.0
"""People have typed for this long then: the test waits for nothing."""
SENTINEL: Final = """\
port {port}
dir {folder}
sentinel monitor prod 127.0.0.1 {master} 2
sentinel down-after-milliseconds prod 1000
sentinel failover-timeout prod 5000
"""


class BehindSentinels(SimulatedDeployment):
    """A simulated deployment with a master, a replica and three Sentinels."""

    def __init__(self, folder: Path, cluster: Path) -> None:
        self._replica_port = free_port()
        self._sentinel_ports = [free_port() for _ in SENTINELS]
        super().__init__(folder, cluster, hosts=HOSTS, workers=2, watchers=1)

    @property
    def redis_url(self) -> str:
        """The URL of the Sentinels."""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self._sentinel_ports)}/prod/0"

    def start_redis(self) -> None:
        """Start all of them, and return when the replica has what the master has."""
        for name, port in (("redis", self._redis_port), ("replica", self._replica_port)):
            (self.folder / name).mkdir()
            follows = f"--replicaof 127.0.0.1 {self._redis_port}" if name == "replica" else ""
            words = f"--port {port} --bind 127.0.0.1 --dir {self.folder / name} {REDIS_OPTIONS} {follows}"
            self._spawn(name, ["redis-server", *shlex.split(words)])
        with Redis(port=self._replica_port) as replica:
            until(lambda: _follows(replica), "the replica follows")
        for name, port in zip(SENTINELS, self._sentinel_ports, strict=True):
            (self.folder / name).mkdir()
            config = self.folder / f"{name}.conf"
            config.write_text(SENTINEL.format(port=port, folder=self.folder / name, master=self._redis_port))
            self._spawn(name, ["redis-server", str(config), "--sentinel"])
        for port in self._sentinel_ports:
            with Redis(port=port, decode_responses=True) as sentinel:
                until(lambda sentinel=sentinel: _knows_all(sentinel), "the Sentinels know each other")  # type: ignore[misc]

    @property
    def failed_over(self) -> bool:
        """Whether the replica takes writes."""
        with connect(Secret(self.redis_url)) as redis:
            try:
                return bool(redis.info()["tcp_port"] == self._replica_port)
            except RedisError:
                return False


def _follows(replica: Redis) -> bool:
    try:
        return bool(replica.info("replication").get("master_link_status") == "up")
    except RedisError:
        return False


def _knows_all(sentinel: Redis) -> bool:
    try:
        found = sentinel.info("sentinel")["master0"]
    except (RedisError, KeyError):
        return False
    return bool(found["slaves"] == 1 and found["sentinels"] == len(SENTINELS))


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_the_replica_takes_over(seed: int, tmp_path: Path) -> None:
    """Processes find the new master by themselves, and what was stored continues there."""
    with (
        SharedCluster(tmp_path / "cluster", size=len(HOSTS), managers=3, seed=seed) as cluster,
        BehindSentinels(tmp_path / "deployment", cluster.path) as deployment,
    ):
        recorder = Recorder(deployment, lambda: cluster.sightings)
        driver = Driver(deployment, cluster, recorder)

        def die() -> None:
            time.sleep(DIES_AFTER_S)
            begin = time.time()
            deployment.kill("redis")
            until(lambda: deployment.failed_over, "the replica is the master", seconds=60)
            recorder.disturbed("redis", "redis", begin)

        with ThreadPoolExecutor(1) as pool:
            dying = pool.submit(die)
            driver.run(replace(script(seed, QUIET), faults=()))
            dying.result()
        before = time.time()
        driver.run(replace(script(seed + 100, replace(QUIET, seconds=10)), faults=()))
        history, violations = driver.settle(120)
        assert not violations, "\n".join(f"{each}\n{history.about(each.about)}" for each in violations)
        assert [each for each in history.requests if each.at > before and each.acknowledged and each.job]
