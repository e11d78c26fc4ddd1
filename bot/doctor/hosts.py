"""Every host: SSH and its host key, the engine behind its socket, its clock, its version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from bot.doctor.finding import Finding, from_error, look_here, well, wrong
from bot.doctor.resources import Resources
from bot.engine.pool import ClusterEngines
from bot.errors import SwarmbotError
from bot.model.engine_api import Json
from bot.model.engine_versions import NEWEST_ENGINE, newer_than_known
from bot.text.suggest import listed

SIDE_BY_SIDE: Final = 16
CLOCK_APART: Final = 2.0
"""Seconds; further apart and certificates, approvals and logs begin to contradict each other."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host whose engine answered: its ``GET /info``, and its clock minus ours in seconds."""

    name: str
    info: Json
    clock_offset: float

    @property
    def version(self) -> str:
        """The engine's version as it gives it."""
        return str(self.info.get("ServerVersion", ""))


def clock(host: Host) -> Finding | None:
    """The host's clock and ours agree."""
    if abs(host.clock_offset) <= CLOCK_APART:
        return None
    side = "ahead of" if host.clock_offset > 0 else "behind"
    return wrong(
        f"`{host.name}`: its clock is {abs(host.clock_offset):.1f} s {side} this machine's.",
        "Run `timedatectl set-ntp true` on whichever is wrong.",
    )


def version(host: Host) -> Finding | None:
    """The engine is not newer than those that Swarmbot is made for; one that is too old did not answer."""
    if not newer_than_known(host.version):
        return None
    return look_here(
        f"`{host.name}`: engine {host.version} is newer than {NEWEST_ENGINE}, the newest that Swarmbot is made for.",
        "Look whether there is a newer Swarmbot.",
    )


def live_restore(host: Host) -> Finding | None:
    """The engine may join a swarm at all."""
    if not host.info.get("LiveRestoreEnabled"):
        return None
    return wrong(
        f"`{host.name}`: its engine has live-restore on, and so refuses to be in a swarm.",
        'Take `"live-restore": true` out of /etc/docker/daemon.json on it and restart Docker.',
    )


HOST_CHECKS: Final[tuple[Callable[[Host], Finding | None], ...]] = (clock, version, live_restore)
"""Each looks at one host that answers and says what is the matter, or None."""


def hosts(resources: Resources) -> Iterator[Finding]:
    """Every host of every cluster, side by side, told in the file's order."""
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="doctor") as pool:
        seen = {name: _all_seen(pool, resources.engines.cluster(name)) for name in resources.config.clusters}
        for cluster, found in seen.items():
            yield from _told(cluster, found)


def _all_seen(pool: ThreadPoolExecutor, engines: ClusterEngines) -> Iterator[Host | SwarmbotError]:
    return pool.map(lambda name: _seen(engines, name), engines.names())


def _seen(engines: ClusterEngines, name: str) -> Host | SwarmbotError:
    try:
        engine = engines[name]
        return Host(name, engine.info(), engine.clock_offset())
    except SwarmbotError as error:
        return error


def _told(cluster: str, found: Iterable[Host | SwarmbotError]) -> Iterator[Finding]:
    versions: Counter[str] = Counter()
    for host in found:
        if isinstance(host, SwarmbotError):
            yield from_error(host)
            continue
        versions[host.version] += 1
        troubles = [failure for check in HOST_CHECKS if (failure := check(host))]
        yield from troubles or [
            well(
                f"`{host.name}`: SSH, host key and engine {host.version}; clock within {abs(host.clock_offset):.1f} s."
            )
        ]
    if len(versions) > 1:
        each = listed(f"{version} on {count}" for version, count in versions.most_common())
        yield look_here(f"{cluster}: its engines differ: {each}.", "Bring them to one version.")
