"""All engines of swarmbot.yml, with one connection a host however many clusters, threads and jumps use it."""

from __future__ import annotations

import threading
from pathlib import Path

from bot.backups.folder import BackupFolder
from bot.config import Cluster, Config, Service
from bot.engine.api.client import EngineClient
from bot.engine.engine import SshEngine
from bot.engine.ssh.client_config import read_ssh_config
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.socket_dialer import SocketDialer
from bot.engine.ssh.target import SSH_CONFIG, SshTarget, Targets
from bot.secrets.secret import Secret
from bot.stack_recording.stack_recorder import CliStackRecorder
from bot.stack_revisions import Revisions


class EnginePool:
    """The engines of ``config``. Thread-safe. Connects to nothing by itself.

    ``ssh_config`` is OpenSSH's client configuration. Both are applied once, here: raises Misconfigured. ``secret_key``
    is SWARMBOT_SECRET_KEY, with which backups are sealed and the digests of deploys are made.
    Without ``revisions`` no earlier deploy is known, and no typed compose file.
    """

    def __init__(
        self,
        config: Config,
        ssh_config: Path = SSH_CONFIG,
        *,
        secret_key: Secret | None = None,
        revisions: Revisions | None = None,
    ) -> None:
        self._config = config
        self._secret_key = secret_key
        parsed = read_ssh_config(ssh_config)
        self._targets: dict[str, dict[str, tuple[SshTarget, str]]] = {}
        for cluster in config.clusters:
            targets = Targets(config, cluster, parsed)
            self._targets[cluster] = {name: (targets.target(name), targets.socket(name)) for name in targets.names()}
        self._stack_recorders = {
            name: CliStackRecorder(
                name,
                cluster.stacks,
                config.deploy.docker,
                secret_key,
                revisions,
                keep_versions=config.deploy.keep_versions,
            )
            for name, cluster in config.clusters.items()
        }
        self._lock = threading.RLock()
        self._connections: dict[SshTarget, SshConnection] = {}
        self._clients: dict[tuple[SshTarget, str], EngineClient] = {}

    def cluster(self, name: str) -> ClusterEngines:
        """Return the engines of a cluster. KeyError: not in swarmbot.yml."""
        backups = self._config.backups
        backup_store = BackupFolder(name, backups.folder, backups.keep, self._secret_key)
        recorder = self._stack_recorders[name]
        return ClusterEngines(self, self._config.clusters[name], self._targets[name], backup_store, recorder)

    def engine(self, target: SshTarget, socket: str, service: Service | None = None) -> SshEngine:
        """Return the engine at ``socket`` of the host ``target``, stopped and started as ``service`` says."""
        with self._lock:
            client = self._clients.get((target, socket))
            if client is None:
                client = EngineClient(SocketDialer(self._connection(target), socket))
                self._clients[target, socket] = client
        return SshEngine(client, service or self._config.ssh.engine)

    def known_hosts(self) -> dict[Path, set[tuple[str, ...]]]:
        """Return the known_hosts files, each with the names of the hosts and jump hosts that are looked up in it."""
        hosts: dict[Path, set[tuple[str, ...]]] = {}
        for targets in self._targets.values():
            for target, _socket in targets.values():
                for machine in target.route:
                    for path in machine.known_hosts:
                        hosts.setdefault(path, set()).add(machine.known_names)
        return hosts

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients, connections = list(self._clients.values()), list(self._connections.values())
            self._clients.clear()
            self._connections.clear()
        for client in clients:
            client.close()
        # Jump hosts come before the connections through them, and are closed after them.
        for connection in reversed(connections):
            connection.close()

    def _connection(self, target: SshTarget) -> SshConnection:
        connection = self._connections.get(target)
        if connection is None:
            jump = self._connection(target.jump) if target.jump else None
            connection = self._connections[target] = SshConnection(target, jump)
        return connection


class ClusterEngines:
    """See :class:`bot.model.engine_api.Engines`."""

    def __init__(
        self,
        pool: EnginePool,
        cluster: Cluster,
        targets: dict[str, tuple[SshTarget, str]],
        backup_store: BackupFolder,
        stack_recorder: CliStackRecorder,
    ) -> None:
        self.backup_store = backup_store
        self.stack_recorder = stack_recorder
        self._pool = pool
        self._cluster = cluster
        self._targets = targets

    def __getitem__(self, host: str) -> SshEngine:
        """Return the engine of ``host``. KeyError: not in swarmbot.yml."""
        return self._pool.engine(*self._targets[host], self._cluster.hosts[host].engine)

    def names(self) -> tuple[str, ...]:
        """The names of the cluster's hosts, in the file's order."""
        return tuple(self._cluster.hosts)

    def address(self, host: str) -> str:
        """The address of ``host`` in swarmbot.yml."""
        return self._cluster.hosts[host].address
