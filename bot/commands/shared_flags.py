"""Flags that several commands have: the cluster's settings, an external CA, and the form for the unlock key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bot.commands.command import Flag, SecretField
from bot.commands.kinds import DURATION, Kind, Vocabulary, number
from bot.secrets.secret import TYPED_SECRET_TTL_S
from bot.swarm.ca.external_ca import read_external_ca, read_external_ca_on_host

MAX_COUNT: Final = 2**31

CERT_EXPIRY: Final = Flag(DURATION, "validity of new node certificates, at least 1h")
DISPATCHER_HEARTBEAT: Final = Flag(DURATION, "interval of the nodes' heartbeats")
# For a negative limit swarmkit's task reaper says "never clean up task history"; measured on 20.10.24.
TASK_HISTORY_LIMIT: Final = Flag(number("N", -1, MAX_COUNT), "number of ended tasks to keep; -1 keeps all")
MAX_SNAPSHOTS: Final = Flag(number("N", 0, MAX_COUNT), "number of old Raft snapshots to keep")
SNAPSHOT_INTERVAL: Final = Flag(number("N", 1, MAX_COUNT), "number of log entries between Raft snapshots")


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
UNLOCK: Final = Flag(None, "if the unlock key is needed: a form asks you for it")


def unlock_key_form(needed: Callable[[Any], bool]) -> SecretField:
    """Return the form for the unlock key; ``needed`` tells from the arguments whether the command needs the key."""
    hint = (
        f"It begins with SWMKEY-1-. It is used once, and kept encrypted for at most {TYPED_SECRET_TTL_S // 60} minutes."
    )
    return SecretField("Unlock key", hint=hint, begins="SWMKEY-1-", needed=needed)
