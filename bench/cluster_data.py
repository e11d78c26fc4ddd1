"""A cluster as the API of its managers reports it: nodes, services and tasks, with objects as large as real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.model import Json

MIB: Final = 1024 * 1024
MANAGERS: Final = 3
"""The first nodes. Node 0 leads."""
_STACKS: Final = 25
_TIME: Final = "2026-11-25T10:12:27.123456789Z"
_PLUGINS: Final = {
    "Log": (
        "awslogs",
        "fluentd",
        "gcplogs",
        "gelf",
        "journald",
        "json-file",
        "local",
        "splunk",
        "syslog",
    ),
    "Network": ("bridge", "host", "ipvlan", "macvlan", "null", "overlay"),
    "Volume": ("local",),
}
_DESCRIPTION: Final = {
    "Platform": {"Architecture": "x86_64", "OS": "linux"},
    "Resources": {"NanoCPUs": 8_000_000_000, "MemoryBytes": 32 * 1024 * MIB},
    "Engine": {
        "EngineVersion": "20.10.24",
        "Plugins": [{"Type": kind, "Name": name} for kind, names in _PLUGINS.items() for name in names],
    },
    "TLSInfo": {
        "TrustRoot": f"-----BEGIN CERTIFICATE-----\n{'A' * 520}\n-----END CERTIFICATE-----\n",
        "CertIssuerSubject": "MBMxETAPBgNVBAMTCHN3YXJtLWNh",
        "CertIssuerPublicKey": "A" * 124,
    },
}
"""What every node says of itself, as long as an engine's own (20.10.24)."""


@dataclass(frozen=True, slots=True)
class ClusterData:
    """How large the cluster is. Every method returns what a manager sends."""

    nodes: int
    services: int
    tasks_per_service: int
    failing_every: int = 0
    """One service of this many lacks a task; 0: no service does."""
    cluster_id: str = "c"

    def info(self, number: int = 0) -> Json:
        """As ``GET /info`` of the node ``number``."""
        swarm = {
            "LocalNodeState": "active",
            "ControlAvailable": number < MANAGERS,
            "NodeID": _node_id(number),
            "NodeAddr": _address(number),
            "Cluster": {"ID": self.cluster_id},
            "RemoteManagers": [
                {"NodeID": _node_id(each), "Addr": f"{_address(each)}:2377"} for each in range(MANAGERS)
            ],
        }
        return {
            "Name": f"node-{number}",
            "ServerVersion": "20.10.24",
            "DockerRootDir": "/var/lib/docker",
            "Swarm": swarm,
        }

    def cluster(self) -> Json:
        """As ``GET /swarm``."""
        return {"ID": self.cluster_id, "Version": {"Index": 1}, "Spec": {}}

    def node_list(self, down: int | None = None) -> list[Json]:
        """As ``GET /nodes``; ``down`` is the number of a node that is down."""
        return [_node(number, "down" if number == down else "ready") for number in range(self.nodes)]

    def service_list(self) -> list[Json]:
        """As ``GET /services?status=true``."""
        return [self._service(number) for number in range(self.services)]

    def task_list(self) -> list[Json]:
        """As ``GET /tasks``."""
        services = self.service_list()
        return [self._task(service, slot) for service in services for slot in range(1, self.tasks_per_service + 1)]

    def _service(self, number: int) -> Json:
        running = self.tasks_per_service - self._fails(number)
        spec = _spec(number, self.tasks_per_service)
        return {
            "ID": f"service{number:018}",
            "Version": {"Index": number},
            "CreatedAt": _TIME,
            "UpdatedAt": _TIME,
            "Spec": spec,
            "PreviousSpec": _spec(number + self.services, self.tasks_per_service),
            "Endpoint": {"Ports": [{"PublishedPort": 8000 + number, "TargetPort": 80, "Protocol": "tcp"}]},
            "UpdateStatus": {
                "State": "completed",
                "StartedAt": _TIME,
                "CompletedAt": _TIME,
                "Message": "update completed",
            },
            "ServiceStatus": {"RunningTasks": running, "DesiredTasks": self.tasks_per_service},
        }

    def _task(self, service: Json, slot: int) -> Json:
        number = int(service["ID"][-18:])
        fails = slot == 1 and self._fails(number)
        state = {"State": "failed", "Err": "task: non-zero exit (1)"} if fails else {"State": "running"}
        network = {"ID": f"network{number % _STACKS}", "Spec": service["Spec"]["Labels"]}
        return {
            "ID": f"task{number:012}{slot:09}",
            "ServiceID": service["ID"],
            "NodeID": _node_id((number + slot) % self.nodes),
            "Slot": slot,
            "CreatedAt": _TIME,
            "DesiredState": "running",
            "Spec": service["Spec"]["TaskTemplate"],
            "Status": {**state, "Timestamp": _TIME, "ContainerStatus": {"ContainerID": "c" * 64, "ExitCode": 1}},
            "NetworksAttachments": [{"Network": network}],
        }

    def _fails(self, number: int) -> bool:
        return bool(self.failing_every) and number % self.failing_every == 0


def _node_id(number: int) -> str:
    return f"node{number:021}"


def _address(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250 + 1}"


def _node(number: int, state: str) -> Json:
    manager = {
        "ManagerStatus": {"Reachability": "reachable", "Leader": number == 0, "Addr": f"{_address(number)}:2377"}
    }
    return {
        "ID": _node_id(number),
        "Version": {"Index": 1},
        "Spec": {"Role": "manager" if number < MANAGERS else "worker", "Availability": "active"},
        "Status": {"State": state, "Addr": _address(number)},
        "CreatedAt": _TIME,
        "UpdatedAt": _TIME,
        "Description": {"Hostname": f"node-{number}", **_DESCRIPTION},
        **(manager if number < MANAGERS else {}),
    }


def _spec(number: int, replicas: int) -> Json:
    labels = {"com.docker.stack.namespace": f"stack-{number % _STACKS}"}
    environment = [f"SETTING_{each}={'value' * 8}" for each in range(20)]
    container = {"Image": f"registry.example.com/team/web:{number}@sha256:{'0' * 64}", "Env": environment}
    limits = {"NanoCPUs": 500_000_000, "MemoryBytes": 256 * MIB}
    return {
        "Name": f"web-{number}",
        "Labels": labels,
        "Mode": {"Replicated": {"Replicas": replicas}},
        "TaskTemplate": {
            "ContainerSpec": {**container, "Labels": labels},
            "Resources": {"Limits": limits, "Reservations": limits},
            "Placement": {
                "Constraints": ["node.role==worker"],
                "Platforms": [{"OS": "linux", "Architecture": "amd64"}],
            },
            "Networks": [{"Target": f"network{number % _STACKS}", "Aliases": ["web"]}],
        },
        "EndpointSpec": {"Mode": "vip"},
    }
