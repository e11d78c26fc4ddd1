"""The settings of a cluster that ``docker swarm update`` changes: where they stand in its spec, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.errors import Refused
from bot.text.durations import write_duration

NANOSECONDS: Final = 1_000_000_000
MIN_CERT_EXPIRY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting under ``section`` and ``key`` of the spec of ``GET /swarm``; a duration stands there in nanoseconds."""

    name: str
    words: str
    section: str
    key: str
    duration: bool = False

    @property
    def flag(self) -> str:
        """How people name it: ``--cert-expiry``."""
        return "--" + self.name.replace("_", "-")

    def value_in(self, spec: Mapping[str, Any]) -> Any:
        """The value in ``spec`` as the engine has it; None when there is none."""
        return (spec.get(self.section) or {}).get(self.key)

    def as_engine(self, value: float) -> Any:
        """A value that people gave (a duration in seconds) as the engine takes it."""
        return round(value * NANOSECONDS) if self.duration else value

    def shown(self, value: Any) -> str:
        """The engine's value as people write it."""
        if value is None:
            return "the engine's default"
        if isinstance(value, bool):
            return "true" if value else "false"
        return write_duration(value / NANOSECONDS) if self.duration else str(value)


SETTINGS: Final = (
    Setting("task_history_limit", "task history limit", "Orchestration", "TaskHistoryRetentionLimit"),
    Setting("cert_expiry", "certificate expiry", "CAConfig", "NodeCertExpiry", duration=True),
    Setting("dispatcher_heartbeat", "dispatcher heartbeat", "Dispatcher", "HeartbeatPeriod", duration=True),
    Setting("autolock", "autolock", "EncryptionConfig", "AutoLockManagers"),
    Setting("max_snapshots", "old snapshots kept", "Raft", "KeepOldSnapshots"),
    Setting("snapshot_interval", "log entries between snapshots", "Raft", "SnapshotInterval"),
)


def check_expiry(seconds: float | None) -> None:
    """Refuse a certificate expiry that engines do not take."""
    if seconds is not None and seconds < MIN_CERT_EXPIRY_S:
        raise Refused("engines take no certificate expiry under 1 hour.", next_step="Give `--cert-expiry 1h` or more.")


def external_urls(spec: Mapping[str, Any]) -> list[str]:
    """The signing URLs of the external CAs that the spec names."""
    return [str(ca.get("URL", "")) for ca in (spec.get("CAConfig") or {}).get("ExternalCAs") or ()]
