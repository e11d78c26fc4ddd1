"""One host of swarmbot.yml: :class:`bot.model.engine_api.Engine` over SSH."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from bot.config import Service
from bot.engine.api import containers, engine_service
from bot.engine.api.client import READ_TIMEOUT_S, EngineClient
from bot.engine.api.events import EngineEvents
from bot.engine.api.listing import RecordDecoder, decode_current
from bot.engine.api.overlay_trial import EngineOverlayTrial, left_trials
from bot.engine.disk import stopped_engine, swarm_folder
from bot.engine.disk.key_file import key_file, known_managers, open_key_file
from bot.engine.disk.raft_log import last_entry
from bot.engine.disk.throwaway_engine import throwaway_client
from bot.engine.probes import machine, probe_round
from bot.engine.probes.prober import prober
from bot.engine.ssh import host_key_trust
from bot.errors import EngineError, HostUnreachable
from bot.model.containers import ContainerLog, ContainerUsage, DiskUsage, ImageFacts
from bot.model.engine_values import Answer, CurrentTask, JoinTokens, Json
from bot.model.host import HostKey, KeyFile, StoppedEngine
from bot.model.network import Counters, Examination, Interface, OverlayTrial, Probe, Prober, RoundReport
from bot.secrets.secret import Secret

REGISTRY_AUTH: Final = "X-Registry-Auth"
OUT_OF_SEQUENCE: Final = "update out of sequence"
ONLY_LABELS: Final = "only updates to Labels are allowed"
NODES_SHARE: Final = frozenset({"Spec", "Platform", "Resources", "Engine", "TLSInfo"})
"""Fields that are often equal among nodes: their spec and, of what they report, their kind and their issuer."""
SERVICES_SHARE: Final = frozenset(
    {
        *("Labels", "Mode", "UpdateConfig", "RollbackConfig", "EndpointSpec"),
        *("Resources", "RestartPolicy", "Placement", "Networks", "LogDriver"),
    }
)
"""Fields of specs that are often equal among services."""
UNLOCK_TIMEOUT_S: Final = 6
"""Seconds: a wrong key is answered at once, a right one not before there is a quorum (measured on 20.10)."""


class SshEngine:
    """See :class:`bot.model.engine_api.Engine`. Thread-safe. Connects at its first call."""

    def __init__(self, client: EngineClient, commands: Service) -> None:
        self._client = client
        self._commands = commands
        self._connection = client.dialer.connection

    @property
    def host(self) -> str:
        """The host's name in swarmbot.yml."""
        return self._client.host

    def recent_silence(self) -> HostUnreachable | None:
        """The failure if nobody responded at the host's address moments ago."""
        return self._connection.recent_silence()

    def info(self, timeout_s: float = READ_TIMEOUT_S) -> Json:
        """``GET /info``."""
        return self._client.info(timeout_s)

    def clock_offset(self) -> float:
        """Seconds that the host's clock is ahead."""
        return machine.clock_offset(self._client)

    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces that could be advertised."""
        return machine.interfaces(self._connection)

    def prober(self) -> Prober:
        """What sends probes from the host."""
        return prober(self._connection)

    def examine(self) -> Examination:
        """The interfaces, the packet counters and the disk."""
        return probe_round.examine(self._connection, self._commands.data_root or "")

    def probe_round(self, probes: Sequence[Probe], until: Counters, timeout_s: float) -> RoundReport:
        """One script that sends and counts."""
        return probe_round.probe_round(self._connection, probes, until, timeout_s)

    def last_raft_entry(self) -> bytes:
        """The beginning of the last entry of a manager's Raft log."""
        return last_entry(self._client, self._commands)

    def key_file(self) -> KeyFile:
        """A manager's key file."""
        return key_file(self._client)

    def known_managers(self) -> tuple[str, ...]:
        """The managers that the engine has on its disk."""
        return known_managers(self._client)

    def certificate_file(self, path: str) -> str:
        """The PEM certificates in a file on the host."""
        return machine.certificate_file(self._client, path)

    def host_keys(self) -> tuple[HostKey, ...]:
        """The SSH host keys on the way to the host."""
        return host_key_trust.keys_to_host(self._connection)

    def trust(self, machine: str, fingerprint: str) -> None:
        """Write a key on that way into known_hosts."""
        host_key_trust.trust(self._connection, machine, fingerprint)

    def overlay_trial(self, name: str) -> OverlayTrial:
        """This engine's part in a trial of the overlay."""
        return EngineOverlayTrial(self._client, name)

    def left_trials(self) -> frozenset[str]:
        """The names of trials that left something here."""
        return left_trials(self._client)

    def swarm(self) -> Json:
        """``GET /swarm`` without ``JoinTokens``."""
        answer: Json = self._client.read(lambda api: api.inspect_swarm())
        return {key: value for key, value in answer.items() if key != "JoinTokens"}

    def join_tokens(self) -> JoinTokens:
        """The tokens of ``GET /swarm``."""
        tokens = self._client.read(lambda api: api.inspect_swarm())["JoinTokens"]
        return JoinTokens(worker=Secret(tokens["Worker"]), manager=Secret(tokens["Manager"]))

    def unlock_key(self) -> Secret:
        """``GET /swarm/unlockkey``."""
        return Secret(self._client.read(lambda api: api.get_unlock_key())["UnlockKey"])

    def nodes(self) -> Iterator[Json]:
        """``GET /nodes``."""
        return self._client.listed("/nodes", RecordDecoder(shared=NODES_SHARE, parted={"Description"}).decode)

    def services(self) -> Iterator[Json]:
        """``GET /services?status=true``."""
        decoder = RecordDecoder(shared=SERVICES_SHARE, parted={"Spec", "TaskTemplate"}, lazy={"PreviousSpec"})
        return self._client.listed("/services", decoder.decode, {"status": "true"})

    def service(self, service_id: str) -> Json:
        """``GET /services/{id}``."""
        answer: Json = self._client.read(lambda api: api.inspect_service(service_id))  # type: ignore[no-untyped-call] # types-docker
        return answer

    def events(self) -> EngineEvents:
        """``GET /events`` of the swarm's objects."""
        return EngineEvents(self._client)

    def tasks(self, filters: dict[str, list[str]]) -> Iterator[Json]:
        """``GET /tasks`` with ``filters``."""
        shared = RecordDecoder(shared={"Spec", "NetworksAttachments"})
        return self._client.listed("/tasks", shared.decode, {"filters": json.dumps(filters)} if filters else None)

    def current_tasks(self) -> Iterator[CurrentTask]:
        """``GET /tasks`` of the tasks that should run."""
        return self._client.listed("/tasks", decode_current, {"filters": '{"desired-state": ["running"]}'})

    def networks(self) -> list[Json]:
        """``GET /networks``, those of the swarm alone."""
        return self._client.read(lambda api: api.networks(filters={"scope": "swarm"}))

    def secrets(self) -> list[Json]:
        """``GET /secrets``."""
        return list(self._client.read(lambda api: api.secrets()))

    def configs(self) -> list[Json]:
        """``GET /configs``."""
        answer: list[Json] = self._client.read(lambda api: api.configs())  # type: ignore[no-untyped-call] # types-docker
        return answer

    def volumes(self) -> list[Json]:
        """``Volumes`` of ``GET /volumes``."""
        return list(self._client.read(lambda api: api.volumes())["Volumes"] or ())

    def container_log(self, container: str, *, lines: int, since: float, tty: bool) -> ContainerLog:
        """``GET /containers/{id}/logs``."""
        return containers.container_log(self._client, container, lines=lines, since=since, tty=tty)

    def out_of_memory(self, container: str) -> bool:
        """``OOMKilled`` of ``GET /containers/{id}/json``."""
        return containers.out_of_memory(self._client, container)

    def container_usage(self, container: str) -> ContainerUsage:
        """``GET /containers/{id}/stats``."""
        return containers.container_usage(self._client, container)

    def disk_usage(self) -> DiskUsage:
        """``GET /system/df``."""
        return containers.disk_usage(self._client)

    def images(self) -> tuple[ImageFacts, ...]:
        """``GET /images/json`` and ``GET /containers/json``."""
        return containers.images(self._client)

    def check_registry(self, image: str) -> None:
        """``GET /distribution/{image}/json``."""
        self._client.content(f"/distribution/{quote(image, safe='/:@')}/json", {})

    def remove_image(self, image: str) -> None:
        """``DELETE /images/{image}``."""
        self._client.change("DELETE", f"/images/{quote(image, safe='/:@')}")

    def init_swarm(self, request: Json) -> str:
        """``POST /swarm/init`` without the SDK, whose call lacks Availability."""
        return str(self._client.change("POST", "/swarm/init", body=request))

    def join_swarm(self, request: Json, token: Secret) -> None:
        """``POST /swarm/join`` without the SDK, whose call lacks Availability."""
        self._client.change("POST", "/swarm/join", body={**request, "JoinToken": token.reveal()})

    def leave_swarm(self, *, force: bool) -> None:
        """``POST /swarm/leave`` without the SDK, whose call reports some errors as success."""
        self._client.change("POST", "/swarm/leave", params={"force": _flag(force)})

    def unlock_swarm(self, key: Secret) -> None:
        """``POST /swarm/unlock``."""
        self._client.change("POST", "/swarm/unlock", body={"UnlockKey": key.reveal()}, timeout_s=UNLOCK_TIMEOUT_S)

    def update_swarm(
        self,
        version: int,
        spec: Json,
        *,
        rotate_worker_token: bool = False,
        rotate_manager_token: bool = False,
        rotate_unlock_key: bool = False,
    ) -> None:
        """``POST /swarm/update``."""
        params = {
            "version": str(version),
            "rotateWorkerToken": _flag(rotate_worker_token),
            "rotateManagerToken": _flag(rotate_manager_token),
            "rotateManagerUnlockKey": _flag(rotate_unlock_key),
        }
        self._client.change("POST", "/swarm/update", params=params, body=spec)

    def update_node(self, node_id: str, version: int, spec: Json) -> None:
        """``POST /nodes/{id}/update``."""
        path = f"/nodes/{quote(node_id, safe='')}/update"
        self._client.change("POST", path, params={"version": str(version)}, body=spec)

    def remove_node(self, node_id: str, *, force: bool) -> None:
        """``DELETE /nodes/{id}``."""
        self._client.change("DELETE", f"/nodes/{quote(node_id, safe='')}", params={"force": _flag(force)})

    def create_service(self, spec: Json) -> str:
        """``POST /services/create`` without the SDK, which builds a spec of its own."""
        return str(self._client.change("POST", "/services/create", body=spec)["ID"])

    def update_service(self, service_id: str, version: int, spec: Json) -> None:
        """``POST /services/{id}/update`` without the SDK, which builds a spec of its own."""
        self._update_service(service_id, spec, {"version": str(version), "registryAuthFrom": "spec"})

    def roll_back_service(self, service_id: str, version: int, spec: Json) -> None:
        """``POST /services/{id}/update`` with ``rollback=previous``, which the SDK does not have."""
        self._update_service(service_id, spec, {"version": str(version), "rollback": "previous"})

    def _update_service(self, service_id: str, spec: Json, params: dict[str, str]) -> None:
        self._client.change("POST", f"/services/{quote(service_id, safe='')}/update", params=params, body=spec)

    def remove_service(self, service_id: str) -> None:
        """``DELETE /services/{id}``."""
        self._client.change("DELETE", f"/services/{quote(service_id, safe='')}")

    def forward(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """A read of Docker's CLI, passed on."""
        answer = self._client.forward(method, path, headers)
        return Answer(answer.status_code, answer.headers, answer.content)

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
        """A write of Docker's CLI, as it was recorded."""
        headers = {REGISTRY_AUTH: registry_auth.reveal()} if registry_auth else None
        found = self._client.change(method, path, params=dict(params or {}), body=body, version=api, headers=headers)
        return found or {}

    def secret_has(self, secret_id: str, spec: Json) -> bool:
        """Ask with a version that no record has: an engine compares the content before the version.

        It responds that the content must not change, or that the version is not the current one (measured on 20.10).
        """
        path = f"/secrets/{quote(secret_id, safe='')}/update"
        try:
            self._client.change("POST", path, params={"version": "0"}, body=spec)
        except EngineError as error:
            if OUT_OF_SEQUENCE in error.happened:
                return True
            if ONLY_LABELS in error.happened:
                return False
            raise
        raise EngineError(self.host, 0, "The engine accepted an update of a secret with a version that does not exist.")

    def start_engine(self) -> None:
        """Start the engine where it is stopped."""
        engine_service.start(self._client, self._commands)

    def restart_engine(self) -> None:
        """Stop the engine, and start it again."""
        engine_service.restart(self._client, self._commands)

    def stopped(self) -> StoppedEngine:
        """The swarm state of an engine that does not run."""
        return stopped_engine.read_stopped(self._connection, self._commands)

    def hold_off(self) -> None:
        """Move it aside."""
        stopped_engine.hold_off(self._connection, self._commands)

    def open_key_file(self, locked: bytes, opened: bytes) -> None:
        """Replace the key file while the engine is stopped."""
        open_key_file(self._client, self._commands, locked, opened)

    def placed(self) -> str:
        """What is in the swarm folder."""
        return swarm_folder.placed(self._client)

    def pack_swarm(self) -> bytes:
        """The swarm folder, packed while the engine is stopped."""
        return swarm_folder.pack(self._client, self._commands)

    def place_swarm(self, packed: bytes, backup: str) -> None:
        """Put packed state into an empty swarm folder."""
        swarm_folder.place(self._client, self._commands, packed, backup)

    @contextmanager
    def throwaway_engine(self, packed: bytes) -> Iterator[SshEngine]:
        """A throwaway engine on the host."""
        with throwaway_client(self._connection, packed) as client:
            yield SshEngine(client, self._commands)


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"
