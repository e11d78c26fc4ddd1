"""The SSH host key of a machine, and what known_hosts says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeyStanding = Literal["trusted", "unknown", "changed"]


@dataclass(frozen=True, slots=True)
class HostKey:
    """The key that ``machine`` shows now; it is a host of swarmbot.yml, or a jump as it is written there.

    ``known_as`` is its name in known_hosts, ``place`` its name with the address that was asked, in words. ``kind`` is
    the key's type (``ssh-ed25519``), ``fingerprint`` what ``ssh-keygen -l`` prints. ``known``: the fingerprints that
    known_hosts has for it. ``file``: the known_hosts file that is written to.
    """

    machine: str
    place: str
    known_as: str
    kind: str
    fingerprint: str
    standing: KeyStanding
    known: tuple[str, ...] = ()
    file: str = ""
