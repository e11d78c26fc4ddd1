"""The host keys of a host and of the jump hosts before it, and trusting one of them."""

from __future__ import annotations

import paramiko

from bot.engine.ssh import failures, known_hosts
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.target import SshTarget
from bot.errors import Failed
from bot.model.host import HostKey


def keys_to_host(connection: SshConnection) -> tuple[HostKey, ...]:
    """Return the keys of the jump hosts and of the host, up to the first that is not trusted: no login goes beyond it.

    Raises HostUnreachable.
    """
    before = keys_to_host(connection.jump) if connection.jump else ()
    if before and before[-1].status != "trusted":
        return before
    return (*before, _shown(connection.target, connection.host_key()))


def trust(connection: SshConnection, machine: str, fingerprint: str) -> None:
    """Write the key of ``machine``, the host or one of its jump hosts, to known_hosts if it has ``fingerprint``.

    Raises HostUnreachable; Failed if the machine shows another key, or the file cannot be written.
    """
    while connection.target.name != machine and connection.jump:
        connection = connection.jump
    target, key = connection.target, connection.host_key()
    if key.fingerprint != fingerprint:
        raise Failed(
            f"{failures.host_and_address(target)} shows the host key {key.fingerprint} now, not {fingerprint}.",
            true_now="Nothing was written.",
            next_step="Another machine may answer in its place: find out why before you trust any key.",
        )
    if known_hosts.known_keys(target).status(key) == "revoked":
        raise failures.host_key_revoked(target, key)
    known_hosts.trust(target.known_hosts[0], target.known_as, key)


def _shown(target: SshTarget, key: paramiko.PKey) -> HostKey:
    known = known_hosts.known_keys(target)
    return HostKey(
        machine=target.name,
        place=failures.host_and_address(target),
        known_as=target.known_as,
        kind=key.get_name(),
        fingerprint=key.fingerprint,
        status=known.status(key),
        known=tuple(other.fingerprint for other in known.trusted),
        file=str(target.known_hosts[0]),
    )
