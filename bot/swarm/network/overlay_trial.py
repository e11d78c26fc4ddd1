"""Test the overlay network: start a container on every reachable node, let each reach all others, remove everything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from secrets import token_hex
from typing import Final, TypeVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Mesh, OverlayTrial
from bot.swarm.network.routes import Peer

PREFIX: Final = "swarmbot-check-"
STALE_AFTER_S: Final = 600.0
"""After this time the objects of a trial are leftovers: its process has died. Containers end by themselves before."""
ANSWER_TIMEOUT_S: Final = 20.0
GOSSIP_TIMEOUT_S: Final = 4.0
"""The time until gossip has told all engines of each other."""
POLL_INTERVAL_S: Final = 0.2
MAX_THREADS: Final = 32

S = TypeVar("S")
T = TypeVar("T")


def trial_name() -> str:
    """Return a name for what a trial makes, with the time at which it began."""
    return f"{PREFIX}{time.time():.0f}-{token_hex(2)}"


def try_overlay(engines: Engines, manager: str, peers: Iterable[Peer]) -> Mesh:
    """Test the overlay between ``peers``; ``manager`` is the host on which the network is created.

    Failures of single hosts are in the result. Raise SwarmbotError if the network cannot be created.
    """
    name = trial_name()
    known = {peer.name: peer for peer in peers if peer.name in engines.names()}
    with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="overlay") as pool:
        trial = _Trial(engines, pool, name, [*known])
        left_over = trial.sweep(manager)
        trials = {host: engines[host].overlay_trial(name) for host in known}
        mesh = Mesh(name, {}, {}, {}, {peer.name: "not in swarmbot.yml" for peer in peers if peer.name not in known})
        try:
            engines[manager].overlay_trial(name).make_network()
            mesh = trial.run(mesh, known, trials)
        finally:
            left = trial.clear(manager, trials)
    return replace(mesh, leftovers=(*left_over, *left))


class _Trial:
    def __init__(self, engines: Engines, pool: ThreadPoolExecutor, name: str, hosts: list[str]) -> None:
        self._engines = engines
        self._pool = pool
        self._name = name
        self._hosts = hosts

    def run(self, mesh: Mesh, peers: Mapping[str, Peer], trials: Mapping[str, OverlayTrial]) -> Mesh:
        """Start the containers, let them reach each other, and read what gossip knows.

        What was not reached is tried again: on a busy host a single failure shows nothing.
        """
        inside, failed = self._each(trials, lambda _, trial: trial.start())
        began = {host: trials[host] for host in inside}
        others = {host: [address for other, address in inside.items() if other != host] for host in inside}
        testing, deaf = self._each(began, lambda host, trial: trial.tell(others[host]))
        answers, silent = self._each({host: began[host] for host in testing}, lambda _, trial: _answers(trial))
        lacking = {host: [each for each in others[host] if each not in found] for host, found in answers.items()}
        retried = {host: began[host] for host, addresses in lacking.items() if addresses}
        told, untold = self._each(retried, lambda host, trial: trial.tell(lacking[host]))
        again, unanswered = self._each({host: began[host] for host in told}, lambda _, trial: _answers(trial))
        answers |= again
        by_address = {address: host for host, address in inside.items()}
        addresses = {host: peers[host].address for host in inside}
        knows, unheard = self._each(began, lambda _, trial: _peers(trial, frozenset(addresses.values())))
        return replace(
            mesh,
            addresses=addresses,
            reached={
                host: frozenset(by_address[each] for each in found if each in by_address)
                for host, found in answers.items()
            },
            unsure={host: frozenset(by_address[each] for each in lacking[host]) for host in (*untold, *unanswered)},
            gossip_peers=knows,
            skipped={**mesh.skipped, **unheard, **silent, **deaf, **failed},
        )

    def clear(self, manager: str, trials: Mapping[str, OverlayTrial]) -> list[str]:
        """Remove everything, with a second try where it failed; return what could not be removed, in words."""
        _, failed = self._each(trials, lambda _, trial: trial.remove())
        _, failed = self._each({host: trials[host] for host in failed}, lambda _, trial: trial.remove())
        left = [f"container and image `{self._name}` on `{host}`: {why}" for host, why in failed.items()]
        try:
            self._engines[manager].overlay_trial(self._name).remove_network()
        except SwarmbotError as error:
            return [*left, f"network `{self._name}`: {error.happened}"]
        _, seen = self._each(trials, lambda _, trial: trial.forget())
        return left + [f"network `{self._name}` on `{host}`: {why}" for host, why in seen.items() if host not in failed]

    def sweep(self, manager: str) -> list[str]:
        """Remove leftovers of earlier trials; return what could not be removed."""
        found, _ = self._each(dict.fromkeys(self._hosts), lambda host, _: self._engines[host].left_trials())
        names = {name for names in found.values() for name in names if _is_old(name)}
        left: list[str] = []
        for name in names:
            old = _Trial(self._engines, self._pool, name, self._hosts)
            left += old.clear(manager, {host: self._engines[host].overlay_trial(name) for host in found})
        return left

    def _each(self, trials: Mapping[str, S], act: Callable[[str, S], T]) -> tuple[dict[str, T], dict[str, str]]:
        """Return what ``act`` returned for each host, and why it failed for others."""
        acting = {host: self._pool.submit(act, host, trial) for host, trial in trials.items()}
        done: dict[str, T] = {}
        failed: dict[str, str] = {}
        for host, future in acting.items():
            try:
                done[host] = future.result()
            except SwarmbotError as error:
                failed[host] = error.happened
        return done, failed


def _answers(trial: OverlayTrial) -> frozenset[str]:
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while (found := trial.reached()) is None:
        if time.monotonic() > deadline:
            raise Failed(f"its container did not respond within {ANSWER_TIMEOUT_S:.0f} s")
        time.sleep(POLL_INTERVAL_S)
    return found


def _peers(trial: OverlayTrial, all_: frozenset[str]) -> frozenset[str]:
    deadline = time.monotonic() + GOSSIP_TIMEOUT_S
    while not all_ <= (found := trial.peers()) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_S)
    return found


def _is_old(name: str) -> bool:
    moment, _, _ = name.removeprefix(PREFIX).partition("-")
    return name.startswith(PREFIX) and moment.isdecimal() and time.time() - int(moment) > STALE_AFTER_S
