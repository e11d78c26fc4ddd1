"""What operations may ask of a host: its Engine API, and the few things on the machine that the API does not show.

Implemented over SSH in ``bot.engine``. Every call has a time-out; each raises
:class:`~bot.errors.HostUnreachable` if the engine cannot be reached and :class:`~bot.errors.EngineError` if it
responded with an error or timed out. JSON is as in Docker's Engine API documentation, version 1.41.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bot.errors import HostUnreachable
from bot.model.backups import BackupStore
from bot.model.containers import ContainerLog, ContainerUsage, DiskUsage, ImageFacts
from bot.model.engine_values import Answer, CurrentTask, EventStream, JoinTokens, Json
from bot.model.host import HostKey, KeyFile, StoppedEngine
from bot.model.network import Counters, Examination, Interface, OverlayTrial, Probe, Prober, RoundReport
from bot.model.stack import StackRecorder
from bot.secrets.secret import Secret


class Engine(Protocol):
    """One host of swarmbot.yml."""

    @property
    def host(self) -> str:
        """The host's name in swarmbot.yml."""
        ...

    def recent_silence(self) -> HostUnreachable | None:
        """Return the failure of the last attempt to connect if nobody answered moments ago; then try again meanwhile.

        For what does not depend on the host: others must not wait for its time-out at each order.
        """
        ...

    def info(self, timeout_s: float = 10.0) -> Json:
        """``GET /info``; works without a quorum, but hangs for seconds after a manager has lost its leader."""
        ...

    def clock_offset(self) -> float:
        """Return the host's clock minus this process's in seconds, corrected by half the round trip."""
        ...

    def interfaces(self) -> tuple[Interface, ...]:
        """Return the interfaces that are up and can be advertised: no loopback, and no bridge or veth of Docker."""
        ...

    def prober(self) -> Prober:
        """Return a prober on the host, once its shell is up. Raises EngineError if the host has no bash."""
        ...

    def examine(self) -> Examination:
        """Return the host's interfaces and disk, and its packet counters at two moments, by one script."""
        ...

    def probe_round(self, probes: Sequence[Probe], until: Counters, timeout_s: float) -> RoundReport:
        """Send all of ``probes``; report when the host has counted up to ``until``, or after ``timeout_s`` or more.

        Raises EngineError if the host has no bash.
        """
        ...

    def last_raft_entry(self) -> bytes:
        """Return the first bytes of the last record of a manager's Raft log. Raises EngineError if there is none."""
        ...

    def key_file(self) -> KeyFile:
        """Return a manager's key file. What is not encrypted stays there. Raises EngineError if it cannot be read."""
        ...

    def known_managers(self) -> tuple[str, ...]:
        """Return the managers (``address:port``) on the engine's disk: the API of a locked engine hides them."""
        ...

    def certificate_file(self, path: str) -> str:
        """Return the PEM certificates in a file. Raises EngineError if there are none, or if it has a key."""
        ...

    def host_keys(self) -> tuple[HostKey, ...]:
        """Return the SSH host keys of jump hosts and host, up to the first that is not trusted. Does not log in."""
        ...

    def trust(self, machine: str, fingerprint: str) -> None:
        """Write the key of the host, or of a jump host, to known_hosts. Raises Failed if it shows another key now."""
        ...

    def overlay_trial(self, name: str) -> OverlayTrial:
        """Return this engine's part in the overlay test called ``name``."""
        ...

    def left_trials(self) -> frozenset[str]:
        """Return the names of overlay tests that left something on this engine."""
        ...

    def swarm(self) -> Json:
        """``GET /swarm`` without ``JoinTokens``."""
        ...

    def join_tokens(self) -> JoinTokens:
        """Return the tokens of ``GET /swarm``."""
        ...

    def unlock_key(self) -> Secret:
        """``GET /swarm/unlockkey``; an empty secret if autolock is off."""
        ...

    def nodes(self) -> Iterable[Json]:
        """``GET /nodes``. As with each long list, its records come one by one and can be read once."""
        ...

    def services(self) -> Iterable[Json]:
        """``GET /services?status=true``."""
        ...

    def service(self, service_id: str) -> Json:
        """``GET /services/{id}``. Raises EngineError 404 if there is no such service."""
        ...

    def tasks(self, filters: dict[str, list[str]]) -> Iterable[Json]:
        """``GET /tasks`` with ``filters``. Tasks with the same spec have one object in common."""
        ...

    def events(self) -> EventStream:
        """Open ``GET /events`` for changes of nodes, services, networks, secrets and configs. Close it after use."""
        ...

    def current_tasks(self) -> Iterable[CurrentTask]:
        """``GET /tasks`` of the tasks that should run: there may be thousands, and few fields are needed."""
        ...

    def networks(self) -> list[Json]:
        """``GET /networks``, only those of the cluster."""
        ...

    def secrets(self) -> list[Json]:
        """``GET /secrets``: names and labels. An engine never returns a secret's content."""
        ...

    def configs(self) -> list[Json]:
        """``GET /configs``."""
        ...

    def volumes(self) -> list[Json]:
        """``Volumes`` of ``GET /volumes``: those on this host."""
        ...

    def container_log(self, container: str, *, lines: int, since: float, tty: bool) -> ContainerLog:
        """Return the last ``lines`` lines of a container of this engine since a time (unix seconds).

        ``tty``: whether the container has a TTY. Raises EngineError 404 if it was removed.
        """
        ...

    def out_of_memory(self, container: str) -> bool:
        """Return whether the kernel killed a container because it reached its memory limit."""
        ...

    def container_usage(self, container: str) -> ContainerUsage:
        """Return what a container uses now, which takes the engine one to two seconds."""
        ...

    def disk_usage(self) -> DiskUsage:
        """``GET /system/df``, and the space of the data folder's file system. Takes long with many containers."""
        ...

    def images(self) -> tuple[ImageFacts, ...]:
        """Return the images of ``GET /images/json?all=true``, with whether a container of this engine uses them."""
        ...

    def check_registry(self, image: str) -> None:
        """``GET /distribution/{image}/json``, without a login. Raises EngineError if the registry does not know it."""
        ...

    def remove_image(self, image: str) -> None:
        """``DELETE /images/{image}``, an id or a name, without force. Raises EngineError 409 if it is in use."""
        ...

    def init_swarm(self, request: Json) -> str:
        """``POST /swarm/init`` with ``request`` as its body. Returns the node id."""
        ...

    def join_swarm(self, request: Json, token: Secret) -> None:
        """``POST /swarm/join`` with ``request`` and the token as ``JoinToken``; may take 25 s."""
        ...

    def leave_swarm(self, *, force: bool) -> None:
        """``POST /swarm/leave``."""
        ...

    def unlock_swarm(self, key: Secret) -> None:
        """``POST /swarm/unlock``. Raises EngineError 401 for another key, 400 for no key, 409 if it is not locked.

        Status 0 (timed out) is usual while the cluster has no quorum: the key was right.
        """
        ...

    def update_swarm(
        self,
        version: int,
        spec: Json,
        *,
        rotate_worker_token: bool = False,
        rotate_manager_token: bool = False,
        rotate_unlock_key: bool = False,
    ) -> None:
        """``POST /swarm/update`` with the whole spec, as ``swarm()["Spec"]`` gave it and the caller changed it."""
        ...

    def update_node(self, node_id: str, version: int, spec: Json) -> None:
        """``POST /nodes/{id}/update`` with the whole spec."""
        ...

    def remove_node(self, node_id: str, *, force: bool) -> None:
        """``DELETE /nodes/{id}``."""
        ...

    def create_service(self, spec: Json) -> str:
        """``POST /services/create``. Returns the service's id."""
        ...

    def update_service(self, service_id: str, version: int, spec: Json) -> None:
        """``POST /services/{id}/update`` with the whole spec; registry credentials stay those of the present spec."""
        ...

    def roll_back_service(self, service_id: str, version: int, spec: Json) -> None:
        """``POST /services/{id}/update`` with ``rollback=previous``. ``spec`` is the present one."""
        ...

    def remove_service(self, service_id: str) -> None:
        """``DELETE /services/{id}``. Its tasks stop after that."""
        ...

    def forward(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Send a GET or HEAD of Docker's CLI as it is, and return the response, also if it is an error."""
        ...

    def write(
        self,
        method: str,
        path: str,
        *,
        api: str,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
        registry_auth: Secret | None = None,
    ) -> Json:
        """Send a POST or DELETE with the API version ``api``, and return the response's JSON; {} if it is empty.

        ``registry_auth`` is passed on to the nodes that pull the image of a service.
        """
        ...

    def secret_has(self, secret_id: str, spec: Json) -> bool:
        """Return whether a secret has the content ``spec["Data"]`` (base64). Changes nothing."""
        ...

    def start_engine(self) -> None:
        """Start the engine if it is stopped, and wait until it responds."""
        ...

    def restart_engine(self) -> None:
        """Stop the engine and start it again, and wait until it responds."""
        ...

    def stopped(self) -> StoppedEngine:
        """Return the swarm state on the disk of a stopped engine.

        Raises EngineError if it runs, if there is no state, or if its data folder is not known or cannot be read.
        """
        ...

    def hold_off(self) -> None:
        """Move the swarm state of a stopped engine aside, so that it starts outside any cluster. Deletes nothing.

        Does nothing if there is no state. Raises EngineError if the engine runs or the host fails.
        """
        ...

    def open_key_file(self, locked: bytes, opened: bytes) -> None:
        """Replace the key file by ``opened`` while the engine is stopped, then start the engine.

        Raises Failed if the host fails, or if the key file is no longer ``locked``: it is unchanged then.
        """
        ...

    def placed(self) -> str:
        """Return what is in the swarm folder: "" for nothing, the id of the restored backup, or ``other``."""
        ...

    def pack_swarm(self) -> bytes:
        """Return the swarm folder as a gzipped tar. The engine is stopped for it and always started again.

        Raises Failed if the host fails.
        """
        ...

    def place_swarm(self, packed: bytes, backup: str) -> None:
        """Put packed state into an empty swarm folder, and note ``backup`` there as its source.

        The engine is stopped for it and started again; it stays inactive until ``init_swarm`` forces a new cluster.
        Raises Failed if the host fails or the folder is not empty.
        """
        ...

    def throwaway_engine(self, packed: bytes) -> AbstractContextManager[Engine]:
        """Run a second, isolated engine on the host with packed state, until the context ends."""
        ...


class Engines(Protocol):
    """The hosts of one cluster of swarmbot.yml."""

    def __getitem__(self, host: str) -> Engine:
        """Return the engine of ``host``, which connects at its first call. Raises KeyError for an unknown host."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names of the cluster's hosts, in the order of the file."""
        ...

    def address(self, host: str) -> str:
        """Return the address of ``host`` in swarmbot.yml."""
        ...

    @property
    def backup_store(self) -> BackupStore:
        """The cluster's backups."""
        ...

    @property
    def stack_recorder(self) -> StackRecorder:
        """What records deploys of the cluster's stacks."""
        ...


class Clusters(Protocol):
    """The clusters of swarmbot.yml."""

    def cluster(self, name: str) -> Engines:
        """Return the hosts of ``name``. Raises KeyError if it is not in swarmbot.yml."""
        ...
