"""The steps: a cluster from nothing to three managers and two workers, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.audit import Audit, Filter
from bot.secrets.secret import Secret
from bot.store.client import connect
from handlers import registry
from sandbox.tour import truth
from sandbox.tour.last_steps import audit, jobs, leaks, nodes, share, status, token, whoami
from sandbox.tour.later_steps import check, drain, fatal
from sandbox.tour.play import Play

HOSTS: Final = ("host-1", "host-2", "host-3", "host-4", "host-5")
ENGINES: Final = "the engines"


@dataclass(frozen=True)
class Step:
    """A title, and what is played under it; it raises Untrue where something is not as it must be."""

    title: str
    play: Callable[[Play], None]


def _help(play: Play) -> None:
    said = "\n".join(entry.text for entry in play.types("ada", "help", "Commands of Swarmbot").entries)
    missing = [name for name in registry() if f"/swarm {name}" not in said]
    play.true("help names every command there is", not missing, f"missing: {missing}")


def _status_before(play: Play) -> None:
    play.types("ada", "status", "is not initialised")
    _nobody_is_in(play)


def _refused(play: Play) -> None:
    play.types("eve", "init host-1", "Not done")
    _nobody_is_in(play)
    with connect(Secret(play.stage.redis_url)) as redis:
        entries = Audit(redis).query(Filter(by=play.user("eve")), count=1)
    play.true("the attempt is in the audit log", [entry.action for entry in entries] == ["refused"], entries)


def _init(play: Play) -> None:
    answer = play.types("cleo", "init host-1", "its only manager")
    play.says("host-1", "docker", "node", "ls")
    _cluster_is(play, managers=("host-1",))
    play.true("the whole channel saw who asked", any("<@U0CLEO>" in e.text for e in answer.public), answer.public)


def _typo(play: Play) -> None:
    play.types("ada", "jion worker host-3", "Did you mean")
    play.types("ada", "join worker host-33", "Closest: `host-3`")
    _cluster_is(play, managers=("host-1",))


def _workers(play: Play) -> None:
    play.types("ada", "join worker host-3 host-4", "2 workers joined")
    play.says("host-1", "docker", "node", "ls")
    _cluster_is(play, managers=("host-1",), workers=("host-3", "host-4"))


def _manager(play: Play) -> None:
    asked = play.types("cleo", 'join manager host-2 --reason "host-1 is alone"', "asks to join 1 manager to prod")
    play.presses("cleo", "Approve", "nobody approves or denies their own request")
    _cluster_is(play, managers=("host-1",), workers=("host-3", "host-4"))
    play.looks_back_at(asked)
    play.presses("dan", "Approve", "1 manager joined")
    _cluster_is(play, managers=("host-1", "host-2"), workers=("host-3", "host-4"))


def _closed_port(play: Play) -> None:
    play.note("host-5's firewall is told to drop what arrives on 2377/tcp.")
    play.fleet["host-5"].block(2377)
    play.types("cleo", "join manager host-5", "2377/tcp of `host-5` is blocked")
    _cluster_is(play, managers=("host-1", "host-2"), workers=("host-3", "host-4"))


def _retry(play: Play) -> None:
    play.note("host-5's firewall is mended.")
    play.fleet["host-5"].unblock(2377)
    play.presses("cleo", "Retry", "asks to join 1 manager to prod")
    play.presses("dan", "Approve", "1 manager joined")
    play.says("host-1", "docker", "node", "ls")
    _cluster_is(play, managers=("host-1", "host-2", "host-5"), workers=("host-3", "host-4"))


def _wrong_join(play: Play) -> None:
    play.types("ada", "join worker host-3", "Already so")
    play.types("ada", "join worker host-2", "is a manager of prod already")
    _cluster_is(play, managers=("host-1", "host-2", "host-5"), workers=("host-3", "host-4"))


def _nobody_is_in(play: Play) -> None:
    seen = truth.memberships(play.fleet)
    play.true("no host is in a cluster", set(seen.values()) == {"inactive"}, seen, on=ENGINES)


def _cluster_is(play: Play, *, managers: tuple[str, ...], workers: tuple[str, ...] = ()) -> None:
    """Look at the first manager's nodes, and at every host whether it is in that very cluster."""
    seen = truth.nodes(play.fleet["host-1"])
    ready = {name: node.role for name, node in seen.items() if node.state == "ready"}
    wanted = dict.fromkeys(managers, "manager") | dict.fromkeys(workers, "worker")
    reachable = tuple(sorted(name for name, node in seen.items() if node.reachability == "reachable"))
    inside = truth.clusters(play.fleet, play.fleet["host-1"])
    words = f"managers {', '.join(managers)}"
    words += f", workers {', '.join(workers)}" if workers else ""
    outside = [host for host in HOSTS if host not in wanted]
    words += f"; {', '.join(outside)} in no cluster" if outside else ""
    holds = ready == wanted and reachable == managers and inside == dict.fromkeys(sorted(wanted), True)
    play.true(words, holds, f"nodes {seen}, hosts in this cluster {inside}", on=ENGINES)


STEPS: Final = (
    Step("ada asks what there is", _help),
    Step("ada looks at prod, which is only five hosts yet", _status_before),
    Step("eve may not make a cluster", _refused),
    Step("cleo, an administrator, makes the cluster", _init),
    Step("ada mistypes", _typo),
    Step("ada, an operator, adds two workers at once", _workers),
    Step("cleo asks for a second manager, and dan approves", _manager),
    Step("cleo adds a third, but a port is closed", _closed_port),
    Step("the port is opened, cleo presses Retry, dan approves", _retry),
    Step("ada adds hosts that are in already", _wrong_join),
    Step("ada has host-4's ports tried, both ways", check),
    Step("ada drains a node, and lets it work again", drain),
    Step("cleo would take away what the quorum needs", fatal),
    Step("ada asks for the join token, and hides it", token),
    Step("ada lists the nodes", nodes),
    Step("ada asks how prod stands", status),
    Step("ada shares the answer", share),
    Step("ben asks what was done", jobs),
    Step("dan reads the audit log, and proves it whole", audit),
    Step("eve asks what she may do", whoami),
    Step("no join token was left anywhere", leaks),
)
