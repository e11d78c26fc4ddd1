"""What the Engine API does not report about a host: its clock, its interfaces, its certificate files."""

from __future__ import annotations

import ipaddress
import re
import time
from datetime import datetime
from typing import Final

from bot.blocks import tick
from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import READER_PRELUDE, Completed, last_line, read
from bot.errors import EngineError
from bot.model.network import Interface

SCRIPT_TIMEOUT_S: Final = 10.0

_FRACTION = re.compile(r"(\.\d{6})\d+")
_DOCKER_INTERFACE = re.compile(r"lo|docker0|docker_gwbridge|veth.*|br-[0-9a-f]{12}")
_ADDRESS = re.compile(
    r"^\d+:\s+(?P<name>\S+)\s+inet6?\s+(?P<address>[0-9a-fA-F.:]+)"
    r"(?: peer (?P<peer>[0-9a-fA-F.:]+))?(?:/(?P<prefix>\d+))?"
)

MAX_CERTIFICATE_FILE_BYTES: Final = 262_144
"""How much of a certificate file is read."""
_PEM_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----")

READ_FILE_SCRIPT: Final = READER_PRELUDE + '$as head -c "$2" -- "$1"'


def clock_offset(client: EngineClient) -> float:
    """Return the host's clock minus ours, in seconds. Raises HostUnreachable, EngineError.

    It is the engine's clock, by which the engine judges certificates.
    """
    client.read(lambda api: api.ping())  # connects, so that the time below is one round trip
    before, started = time.time(), time.perf_counter()
    stamp = client.read(lambda api: api.info())["SystemTime"]
    return offset_of(stamp, before, time.perf_counter() - started)


def offset_of(stamp: str, before: float, elapsed: float) -> float:
    """Return how far ahead a clock is, in seconds, that showed ``stamp`` within ``elapsed`` s of our ``before`` (unix).

    The middle of the round trip is assumed, so the error is at most ``elapsed`` / 2.
    """
    return parse_time(stamp).timestamp() - (before + elapsed / 2)


def parse_time(stamp: str) -> datetime:
    """Parse Go's RFC 3339 time stamps, which have nine digits for the fraction of a second."""
    return datetime.fromisoformat(_FRACTION.sub(r"\1", stamp))


def interfaces(connection: SshConnection) -> tuple[Interface, ...]:
    """Return the interfaces whose address can be advertised. Raises HostUnreachable, EngineError (no ``ip``)."""
    # busybox and every version of iproute2 support -o (one line per address); not all support -j.
    done = read(connection, "ip -o addr show up scope global", timeout=SCRIPT_TIMEOUT_S)
    if done.status:
        raise _unable(connection, done, "list its addresses", "Install iproute2 on it.")
    return parse_interfaces(done.out)


def parse_interfaces(text: str) -> tuple[Interface, ...]:
    """Parse the output of ``ip -o addr``."""
    found: dict[str, list[re.Match[str]]] = {}
    for line in text.splitlines():
        match = _ADDRESS.match(line)
        if match and not _DOCKER_INTERFACE.fullmatch(match["name"]):
            found.setdefault(match["name"], []).append(match)
    return tuple(
        Interface(name, tuple(match["address"] for match in matches), tuple(dict.fromkeys(map(_network, matches))))
        for name, matches in found.items()
    )


def _network(match: re.Match[str]) -> str:
    """Return the network that the kernel routes to the interface of this address: the peer's, if it has a peer."""
    address = match["peer"] or match["address"]
    return str(ipaddress.ip_interface(f"{address}/{match['prefix']}" if match["prefix"] else address).network)


def certificate_file(client: EngineClient, path: str) -> str:
    """Return the PEM certificates in the file ``path`` on the host, and nothing else from it.

    Raises HostUnreachable; EngineError if the file cannot be read, has no certificate, or has a private key.
    """
    shown = f"{tick(path)} on `{client.host}`"
    done = read(
        client.dialer.connection, READ_FILE_SCRIPT, path, str(MAX_CERTIFICATE_FILE_BYTES), timeout=SCRIPT_TIMEOUT_S
    )
    if done.status:
        raise EngineError(client.host, 0, f"{shown} cannot be read: {last_line(done.err)}.")
    if "PRIVATE KEY" in done.out:
        raise EngineError(client.host, 0, f"{shown} has a private key: its content was discarded.")
    found = _PEM_BLOCK.findall(done.out)
    if not found:
        raise EngineError(client.host, 0, f"{shown} has no PEM certificate.")
    return "".join(f"{block}\n" for block in found)


def _unable(connection: SshConnection, done: Completed, what: str, next_step: str) -> EngineError:
    return failures.host_error(connection.target, f"could not {what}: {last_line(done.err)}", next_step)
