"""Steps that change the cluster: from no cluster to three managers and two workers, with errors on the way."""

from __future__ import annotations

from typing import Final

from bot.audit import Audit, Filter
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.tour import engine_state
from sandbox.tour.driver import TourDriver

HOSTS: Final = ("host-1", "host-2", "host-3", "host-4", "host-5")
ALL_ENGINES: Final = "the engines"
ONE_ENGINE: Final = "host-1's engine"
FINAL_MANAGERS: Final = ("host-1", "host-2", "host-5")
WORKERS: Final = ("host-3", "host-4")


def show_status_without_cluster(tour: TourDriver) -> None:
    """The status says that the cluster is not initialized, and no engine is in a cluster."""
    tour.type("ada", "status", "is not initialised")
    _expect_no_cluster(tour)


def refuse_init(tour: TourDriver) -> None:
    """A person without permission is refused, and the audit log records it."""
    tour.type("eve", "init host-1", "it needs @admins")
    _expect_no_cluster(tour)
    with connect(Secret(tour.deployment.redis_url)) as redis:
        entries = Audit(redis).query(Filter(by=tour.user_id("eve")), count=1)
    tour.confirm("the audit log records the refusal", [entry.action for entry in entries] == ["refused"], entries)


def create_cluster(tour: TourDriver) -> None:
    """The host becomes the only manager of a new cluster."""
    answer = tour.type("cleo", "init host-1", "its only manager")
    tour.run_on_host("host-1", "docker", "node", "ls")
    _expect_cluster(tour, managers=("host-1",))
    named = any("<@U0CLEO>" in entry.text for entry in answer.public)
    tour.confirm("the whole channel sees who requested it", named, answer.public)


def correct_typos(tour: TourDriver) -> None:
    """The answers suggest what was meant, and nothing changes."""
    tour.type("ada", "jion worker host-3", "Did you mean")
    tour.type("ada", "join worker host-33", "Did you mean `host-3`")
    _expect_cluster(tour, managers=("host-1",))


def join_workers(tour: TourDriver) -> None:
    """Two workers join with one command."""
    tour.type("ada", "join worker host-3 host-4", "2 workers joined")
    tour.run_on_host("host-1", "docker", "node", "ls")
    _expect_cluster(tour, managers=("host-1",), workers=WORKERS)


def join_approved_manager(tour: TourDriver) -> None:
    """A manager joins only after somebody else approved the request."""
    request = tour.type("cleo", 'join manager host-2 --reason "host-1 is alone"', "asks to join 1 manager to prod")
    tour.press("cleo", "Approve", "you cannot approve or deny your own request")
    _expect_cluster(tour, managers=("host-1",), workers=WORKERS)
    tour.go_back_to(request)
    tour.press("dan", "Approve", "1 manager joined")
    _expect_cluster(tour, managers=("host-1", "host-2"), workers=WORKERS)


def name_blocked_port(tour: TourDriver) -> None:
    """The error names the blocked port, and nothing changes."""
    tour.note("The firewall of host-5 now drops incoming packets for 2377/tcp.")
    tour.fleet["host-5"].block(2377)
    tour.type("cleo", "join manager host-5", "to `host-5` is blocked: the connection")
    _expect_cluster(tour, managers=("host-1", "host-2"), workers=WORKERS)


def retry_join(tour: TourDriver) -> None:
    """Retry requests the same change again, which works once the port is open."""
    tour.note("The firewall of host-5 accepts 2377/tcp again.")
    tour.fleet["host-5"].unblock(2377)
    tour.press("cleo", "Retry", "asks to join 1 manager to prod")
    tour.press("dan", "Approve", "1 manager joined")
    tour.run_on_host("host-1", "docker", "node", "ls")
    _expect_cluster(tour, managers=FINAL_MANAGERS, workers=WORKERS)


def join_members_again(tour: TourDriver) -> None:
    """Joining a member changes nothing, with the same role or another one."""
    tour.type("ada", "join worker host-3", "No change needed")
    tour.type("ada", "join worker host-2", "is a manager of prod already")
    _expect_cluster(tour, managers=FINAL_MANAGERS, workers=WORKERS)


def check_ports(tour: TourDriver) -> None:
    """The check probes every port in both directions and changes nothing."""
    before = engine_state.nodes(tour.fleet["host-1"])
    tour.type("ada", "check host-4", "is fit for prod")
    after = engine_state.nodes(tour.fleet["host-1"])
    tour.confirm("the check changed nothing", after == before, after, on=ONE_ENGINE)


def drain_and_activate(tour: TourDriver) -> None:
    """The engine reports each availability that was requested."""
    for command, wanted in (("drain host-3", "drain"), ("activate host-3", "active")):
        tour.type("ada", command, "`host-3`")
        seen = engine_state.availability(tour.fleet["host-1"], "host-3")
        tour.confirm(f"the availability of host-3 is {wanted}", seen == wanted, seen, on=ONE_ENGINE)


def refuse_demotion(tour: TourDriver) -> None:
    """A demotion after which the cluster tolerates no failure is refused."""
    tour.type("cleo", "demote host-5", "would tolerate none after this")
    nodes = engine_state.nodes(tour.fleet["host-1"]).values()
    managers = sorted(node.name for node in nodes if node.role == "manager")
    tour.confirm("prod still has three managers", managers == [*FINAL_MANAGERS], managers, on=ONE_ENGINE)


def _expect_no_cluster(tour: TourDriver) -> None:
    seen = engine_state.local_node_states(tour.fleet)
    tour.confirm("no host is part of a cluster", set(seen.values()) == {"inactive"}, seen, on=ALL_ENGINES)


def _expect_cluster(tour: TourDriver, *, managers: tuple[str, ...], workers: tuple[str, ...] = ()) -> None:
    """Confirm the nodes on the first manager's engine, and on each host's engine that it is part of that cluster."""
    seen = engine_state.nodes(tour.fleet["host-1"])
    ready = {name: node.role for name, node in seen.items() if node.ready}
    wanted = dict.fromkeys(managers, "manager") | dict.fromkeys(workers, "worker")
    reachable = tuple(sorted(name for name, node in seen.items() if node.reachability == "reachable"))
    members = engine_state.members(tour.fleet, tour.fleet["host-1"])
    words = f"managers {', '.join(managers)}"
    words += f", workers {', '.join(workers)}" if workers else ""
    outside = [host for host in HOSTS if host not in wanted]
    words += f"; {', '.join(outside)} not part of any cluster" if outside else ""
    holds = ready == wanted and reachable == managers and members == dict.fromkeys(sorted(wanted), True)
    tour.confirm(words, holds, f"nodes {seen}, members of this cluster {members}", on=ALL_ENGINES)
