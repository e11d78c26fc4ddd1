"""Strict host keys: only what a known_hosts file lists is spoken to."""

from __future__ import annotations

import paramiko

from bot.engine.ssh import unreachable
from bot.engine.ssh.target import SshTarget


def known_keys(target: SshTarget) -> dict[str, paramiko.PKey]:
    """The keys that known_hosts lists for ``target``, by type. Read anew at each connection: keys get added.

    Raises HostUnreachable when a file cannot be read.
    """
    keys: dict[str, paramiko.PKey] = {}
    for path in target.known_hosts:
        try:
            found = paramiko.HostKeys(str(path)).lookup(target.known_as)
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, paramiko.hostkeys.InvalidHostKey) as error:
            raise unreachable.keys_unread(target, path, error) from error
        keys = {**dict(found or {}), **keys}
    return keys


def prefer(transport: paramiko.Transport, known: dict[str, paramiko.PKey]) -> None:
    """Ask the server for a key of a type that is known, else a host with several keys looks unknown."""
    options = transport.get_security_options()
    rsa = ("rsa-sha2-512", "rsa-sha2-256") if "ssh-rsa" in known else ()
    wanted = [kind for kind in options.key_types if kind in known or kind in rsa]
    options.key_types = (*wanted, *(kind for kind in options.key_types if kind not in wanted))


def check(target: SshTarget, key: paramiko.PKey, known: dict[str, paramiko.PKey]) -> None:
    """Raise HostUnreachable unless ``key`` is a known one."""
    if not known:
        raise unreachable.key_unknown(target, key)
    expected = known.get(key.get_name())
    if expected is None:
        raise unreachable.key_changed(target, key, next(iter(known.values())))
    if expected.asbytes() != key.asbytes():
        raise unreachable.key_changed(target, key, expected)
