"""Every host: SSH and its host key, the engine, its version, its clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from bot.doctor.finding import DoctorFinding, from_error, ok, problem, warning
from bot.doctor.resources import Resources
from bot.engine.pool import ClusterEngines
from bot.errors import SwarmbotError
from bot.model.engine_values import Json
from bot.model.engine_versions import NEWEST_ENGINE, newer_than_known
from bot.text.suggest import listed

MAX_PARALLEL_HOSTS: Final = 16
MAX_CLOCK_OFFSET_S: Final = 2.0
"""With larger offsets, certificates, approvals and logs contradict each other."""


@dataclass(frozen=True, slots=True)
class ExaminedHost:
    """A host whose engine responded."""

    name: str
    info: Json
    """``GET /info``."""
    clock_offset: float
    """Its clock minus ours, in seconds."""

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self.info.get("ServerVersion", ""))


def clock(host: ExaminedHost) -> DoctorFinding | None:
    """Check that the host's clock and ours agree."""
    if abs(host.clock_offset) <= MAX_CLOCK_OFFSET_S:
        return None
    side = "ahead of" if host.clock_offset > 0 else "behind"
    return problem(
        f"`{host.name}`: its clock is {abs(host.clock_offset):.1f} s {side} this machine's.",
        "Run `timedatectl set-ntp true` on the machine whose clock is wrong.",
    )


def version(host: ExaminedHost) -> DoctorFinding | None:
    """Check that the engine is not newer than Swarmbot supports; one that is too old is already a host failure."""
    if not newer_than_known(host.version):
        return None
    return warning(
        f"`{host.name}`: engine {host.version} is newer than {NEWEST_ENGINE}, the newest that Swarmbot supports.",
        "Check whether a newer Swarmbot is available.",
    )


def live_restore(host: ExaminedHost) -> DoctorFinding | None:
    """Check that the engine can join a swarm."""
    if not host.info.get("LiveRestoreEnabled"):
        return None
    return problem(
        f"`{host.name}`: its engine has live-restore enabled, so it cannot join a swarm.",
        'Set `"live-restore": false` in /etc/docker/daemon.json on it, then run `systemctl reload docker` there.',
    )


HOST_CHECKS: Final[tuple[Callable[[ExaminedHost], DoctorFinding | None], ...]] = (clock, version, live_restore)
"""Each returns what is wrong with a host that responds, or None."""


def hosts(resources: Resources) -> Iterator[DoctorFinding]:
    """Check all hosts in parallel; report them in the order of the file."""
    with ThreadPoolExecutor(MAX_PARALLEL_HOSTS, thread_name_prefix="doctor") as pool:
        seen = {name: _all_examined(pool, resources.engines.cluster(name)) for name in resources.config.clusters}
        for cluster, found in seen.items():
            yield from _findings(cluster, found)


def _all_examined(pool: ThreadPoolExecutor, engines: ClusterEngines) -> Iterator[ExaminedHost | SwarmbotError]:
    return pool.map(lambda name: _examined(engines, name), engines.names())


def _examined(engines: ClusterEngines, name: str) -> ExaminedHost | SwarmbotError:
    try:
        engine = engines[name]
        return ExaminedHost(name, engine.info(), engine.clock_offset())
    except SwarmbotError as error:
        return error


def _findings(cluster: str, results: Iterable[ExaminedHost | SwarmbotError]) -> Iterator[DoctorFinding]:
    versions: Counter[str] = Counter()
    for host in results:
        if isinstance(host, SwarmbotError):
            yield from_error(host)
            continue
        versions[host.version] += 1
        found_here = [failure for check in HOST_CHECKS if (failure := check(host))]
        yield from found_here or [
            ok(f"`{host.name}`: SSH, host key and engine {host.version}; clock within {abs(host.clock_offset):.1f} s.")
        ]
    if len(versions) > 1:
        each = listed(f"{version} on {count}" for version, count in versions.most_common())
        yield warning(f"{cluster}: its engines have different versions: {each}.", "Upgrade them to one version.")
