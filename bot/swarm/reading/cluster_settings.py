"""The cluster settings that ``docker swarm update`` changes: their place in the spec, and their text. Pure."""

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
    """A setting in the spec of ``GET /swarm``."""

    name: str
    words: str
    """What people call it: ``certificate expiry``."""
    section: str
    key: str
    """The key within ``section`` of the spec."""
    duration: bool = False
    """Whether it is a duration; the spec has those in nanoseconds."""

    @property
    def flag(self) -> str:
        """Return its flag: ``--cert-expiry``."""
        return "--" + self.name.replace("_", "-")

    def value_in(self, spec: Mapping[str, Any]) -> Any:
        """Return the engine's value in ``spec``; None if there is none."""
        return (spec.get(self.section) or {}).get(self.key)

    def as_engine(self, value: float) -> Any:
        """Return a value (a duration in seconds) in the form that the engine expects."""
        return round(value * NANOSECONDS) if self.duration else value

    def shown(self, value: Any) -> str:
        """Return the engine's value in the form that people write."""
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
    """Raise Refused for a certificate expiry that engines do not accept."""
    if seconds is not None and seconds < MIN_CERT_EXPIRY_S:
        raise Refused("The certificate expiry must be at least 1 hour.", next_step="Use `--cert-expiry 1h` or more.")


def external_urls(spec: Mapping[str, Any]) -> list[str]:
    """Return the signing URLs of the external CAs in the spec."""
    return [str(ca.get("URL", "")) for ca in (spec.get("CAConfig") or {}).get("ExternalCAs") or ()]
