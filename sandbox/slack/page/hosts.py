"""The hosts beside the channel: as their engines see them, with switches for faults.

Everything is read from the engines' sockets inside the hosts, never through the bot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Self

from sandbox.fleet import Fleet, Host
from sandbox.fleet.faults import Protocol
from sandbox.fleet.host_services import HOST_ERRORS
from sandbox.fleet.slow_shell import restore_shell, shell_is_slow, slow_down_shell
from sandbox.slack.base import CannotDo, Json

if TYPE_CHECKING:
    from sandbox.slack.local import LocalSlack

READ_INTERVAL_S: Final = 1.5
ENGINE_TIMEOUT_S: Final = 4
PORTS: Final = ("2377/tcp", "7946/tcp", "7946/udp", "4789/udp", "22/tcp")
_SWITCHES: Final[dict[str, tuple[str, Callable[[Host], None], Callable[[Host], None]]]] = {
    "power": ("Power", Host.power_on, Host.power_off),
    "cable": ("Cable", Host.restore_cable, Host.cut_cable),
    "engine": ("Engine", Host.start_docker, Host.stop_docker),
    "shell": ("Slow shell", slow_down_shell, restore_shell),
}
"""Label, what switching on does, and what switching off does."""
ANSWER_ERRORS: Final = (*HOST_ERRORS, KeyError, TypeError)
"""Errors also include a missing field in the answer of an engine that is starting or stopping."""


class HostsPanel:
    """A context manager that reads the hosts while ``watched()``, and calls ``tell`` when something has changed."""

    def __init__(self, fleet: Fleet, *, tell: Callable[[], object], watched: Callable[[], object]) -> None:
        self._fleet = fleet
        self._tell = tell
        self._watched = watched
        self._busy: dict[str, str] = {}
        self._busy_lock = Lock()
        self._stop, self._again = Event(), Event()
        self._thread = Thread(target=self._run, name="hosts-panel", daemon=True)
        self.state: Json = {"hosts": [], "readFrom": "", "error": "The hosts are being read.", "ports": [*PORTS]}

    @classmethod
    def beside(cls, slack: LocalSlack, fleet: Fleet) -> Self:
        """Return a panel that is shown in the page of ``slack``."""
        workspace = slack.workspace
        slack.page.hosts = panel = cls(fleet, tell=workspace.tell, watched=lambda: workspace.listeners)
        return panel

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._again.set()
        self._thread.join()

    def switch(self, name: str, switch: str, *, on: bool) -> None:
        """Switch a host's power, cable, engine or slow shell. Raise CannotDo if that is not possible now."""
        if switch not in _SWITCHES:
            raise CannotDo(f"there is no switch {switch}")
        label, turn_on, turn_off = _SWITCHES[switch]
        self._do(name, f"{label}: switching {'on' if on else 'off'}…", turn_on if on else turn_off)

    def block(self, name: str, port: str) -> None:
        """Block exactly this port of a host; an empty one opens all."""
        if port and port not in PORTS:
            raise CannotDo(f"{port} is none of {', '.join(PORTS)}")

        def act(host: Host) -> None:
            for block in host.faults.blocks:
                if not block.peer and block.direction == "in":
                    host.unblock(block.port, block.protocol)
            if port:
                number, _, protocol = port.partition("/")
                wire: Protocol = "udp" if protocol == "udp" else "tcp"
                host.block(int(number), wire)

        self._do(name, f"Blocking {port}…" if port else "Opening all ports…", act)

    def _do(self, name: str, words: str, act: Callable[[Host], None]) -> None:
        host = self._fleet[name]
        with self._busy_lock:
            if name in self._busy:
                raise CannotDo(f"{name} is busy: {self._busy[name]}")
            self._busy[name] = words
        self._again.set()
        try:
            act(host)
        except HOST_ERRORS as error:
            raise CannotDo(str(error)) from None
        finally:
            with self._busy_lock:
                del self._busy[name]
            self._again.set()

    def _run(self) -> None:
        with ThreadPoolExecutor(len(self._fleet.hosts)) as pool:
            while not self._stop.is_set():
                self._again.clear()
                if self._watched():
                    self._read(pool)
                self._again.wait(READ_INTERVAL_S)

    def _read(self, pool: ThreadPoolExecutor) -> None:
        try:
            swarms = dict(zip([host.name for host in self._fleet], pool.map(_swarm_info, self._fleet), strict=True))
            nodes, tasks, read_from = self._cluster(swarms)
            hosts = [self._host(host, swarms[host.name], nodes.get(host.name), tasks) for host in self._fleet]
            state = {"hosts": hosts, "readFrom": read_from, "error": "", "ports": [*PORTS]}
        except ANSWER_ERRORS as error:
            state = {**self.state, "error": f"The hosts cannot be read now: {error}"}
        if state != self.state:
            self.state = state
            self._tell()

    def _cluster(self, swarms: dict[str, Json | None]) -> tuple[dict[str, Json], Counter[str] | None, str]:
        """Return the nodes by host name, the running tasks by node id, and the manager that was read."""
        for host in self._fleet:
            swarm = swarms[host.name]
            if not (swarm and swarm.get("ControlAvailable")):
                continue
            try:
                with host.engine(timeout=ENGINE_TIMEOUT_S) as engine:
                    nodes: list[Json] = engine.nodes()
                    running: list[Json] = engine.tasks({"desired-state": "running"})  # type: ignore[no-untyped-call]
            except ANSWER_ERRORS:
                continue  # a manager without quorum
            found: dict[str, Json] = {}
            named = [node for node in nodes if "Hostname" in node.get("Description", {})]  # it joins just now otherwise
            for node in sorted(named, key=lambda node: (node["Status"]["State"] == "ready", str(node["CreatedAt"]))):
                found[node["Description"]["Hostname"]] = node
            tasks = Counter(str(task.get("NodeID")) for task in running if task["Status"]["State"] == "running")
            return found, tasks, host.name
        return {}, None, ""

    def _host(self, host: Host, swarm: Json | None, node: Json | None, tasks: Counter[str] | None) -> Json:
        faults = host.faults
        ports = [f"{block.port}/{block.protocol}" for block in faults.blocks if block.direction == "in"]
        on = {
            "power": host.up,
            "cable": not faults.cut,
            "engine": host.docker_runs,
            "shell": shell_is_slow(host),
        }
        with self._busy_lock:
            busy = self._busy.get(host.name, "")
        return {
            "name": host.name,
            "address": host.address,
            "power": host.up,
            "engine": "running" if swarm else "not responding" if on["engine"] else "stopped",
            **_standing(swarm, node),
            "tasks": None if node is None or tasks is None else tasks[node["ID"]],
            "faults": faults.words(),
            "port": next(iter(sorted(ports)), ""),
            "switches": [{"name": name, "label": _SWITCHES[name][0], "on": value} for name, value in on.items()],
            "busy": busy,
        }


def _swarm_info(host: Host) -> Json | None:
    """Return what a host's engine knows of its swarm; None if it does not respond."""
    if not host.docker_runs:
        return None
    try:
        with host.engine(timeout=ENGINE_TIMEOUT_S) as engine:
            info: dict[str, Any] = engine.info()
    except ANSWER_ERRORS:
        return None
    return dict(info["Swarm"])


def _standing(swarm: Json | None, node: Json | None) -> Json:
    """Return role, state, availability and standing: as a manager lists the node, or as the engine knows itself."""
    if node is not None:
        manager = node.get("ManagerStatus") or {}
        standing = "leader" if manager.get("Leader") else manager.get("Reachability", "")
        return {
            "role": node["Spec"]["Role"],
            "state": node["Status"]["State"],
            "availability": node["Spec"]["Availability"],
            "standing": f"manager, {standing}" if standing else "",
        }
    if swarm and swarm.get("LocalNodeState") in {"active", "pending", "error", "locked"}:
        role = "manager" if swarm.get("ControlAvailable") or swarm["LocalNodeState"] == "error" else "member"
        words = {"role": role, "state": "unknown", "availability": "no manager lists it", "standing": ""}
        return words | ({"availability": "locked"} if swarm["LocalNodeState"] == "locked" else {})
    return {"role": "", "state": "", "availability": "", "standing": ""}
