"""The flags that `init`, `update` and `ca` share: a cluster's settings, and the external CA that signs for it."""

from __future__ import annotations

from typing import Final

from bot.commands.command import Flag
from bot.commands.kinds import DURATION, Kind, Vocabulary, number
from bot.swarm.ca.external_ca import read_external_ca, read_external_ca_on_host

LONGEST: Final = 2**31

CERT_EXPIRY: Final = Flag(DURATION, "validity of new node certificates, at least 1h")
DISPATCHER_HEARTBEAT: Final = Flag(DURATION, "interval of the nodes' heartbeats")
# Of a negative limit swarmkit's task reaper says "never clean up task history"; measured on 20.10.24.
TASK_HISTORY_LIMIT: Final = Flag(number("N", -1, LONGEST), "number of ended tasks to keep; -1 keeps all")
MAX_SNAPSHOTS: Final = Flag(number("N", 0, LONGEST), "number of old Raft snapshots to keep")
SNAPSHOT_INTERVAL: Final = Flag(number("N", 1, LONGEST), "number of log entries between Raft snapshots")


def _external_ca(text: str, _: Vocabulary) -> list[str]:
    read_external_ca(text, host="")
    return [text]


def _external_ca_on_host(text: str, vocabulary: Vocabulary) -> list[str]:
    read_external_ca_on_host(text, vocabulary.hosts)
    return [text]


EXTERNAL_CA: Final = Flag(
    Kind("protocol=cfssl,url=URL,cacert=PATH", _external_ca),
    "external CA that issues the certificates; PATH is its PEM certificate on the host",
)
EXTERNAL_CA_ON_HOST: Final = Flag(
    Kind("protocol=cfssl,url=URL,cacert=HOST:PATH", _external_ca_on_host),
    "rotate to an external CA; PATH is its PEM certificate on HOST",
)
