"""Strict host keys: read known_hosts, check a host's key, write a trusted key.

OpenSSH and other workers read and write the same file.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import paramiko

from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget
from bot.errors import Failed

LOCK_TIMEOUT_S: Final = 5.0
"""How long to wait for another worker that writes."""
HASHED_PREFIX: Final = "|1|"
"""The start of a host name that is hashed."""


def trust(path: Path, name: str, key: paramiko.PKey) -> None:
    """Make ``key`` the only key that the file lists for ``name``; leave everything else unchanged.

    A new name is appended. If the file lists another key for it, the file is replaced, and the old one is kept as
    ``known_hosts.old``, as by ``ssh-keygen -R``. The name is hashed if the names in the file are. Raises Failed.
    """
    try:
        path.expanduser().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.expanduser().resolve()
        with _locked(file):
            _write(file, name, key)
    except OSError as error:
        raise Failed(
            f"Swarmbot cannot write `{path}`: {error.strerror or error}.",
            true_now="The key is not trusted.",
            next_step=f"Add this line to it: `{name} {key.get_name()} {key.get_base64()}`",
        ) from None


def known_keys(target: SshTarget) -> dict[str, paramiko.PKey]:
    """Return the keys that known_hosts lists for ``target``, by type. Call it for each connection: keys get added.

    Raises HostUnreachable if a file exists and cannot be read.
    """
    keys: dict[str, paramiko.PKey] = {}
    for path in target.known_hosts:
        try:
            found = paramiko.HostKeys(str(path)).lookup(target.known_as)
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, paramiko.hostkeys.InvalidHostKey) as error:
            raise failures.known_hosts_unreadable(target, path, error) from error
        keys = {**dict(found or {}), **keys}
    return keys


def prefer_known_types(transport: paramiko.Transport, known: dict[str, paramiko.PKey]) -> None:
    """Ask the server for a key of a known type: otherwise a host with several keys may show one that is not listed."""
    options = transport.get_security_options()
    rsa = ("rsa-sha2-512", "rsa-sha2-256") if "ssh-rsa" in known else ()
    wanted = [kind for kind in options.key_types if kind in known or kind in rsa]
    options.key_types = (*wanted, *(kind for kind in options.key_types if kind not in wanted))


def check_host_key(target: SshTarget, key: paramiko.PKey, known: dict[str, paramiko.PKey]) -> None:
    """Raise HostUnreachable unless ``key`` is among the known keys."""
    if not known:
        raise failures.host_key_unknown(target, key)
    expected = known.get(key.get_name())
    if expected is None:
        raise failures.host_key_changed(target, key, next(iter(known.values())))
    if expected.asbytes() != key.asbytes():
        raise failures.host_key_changed(target, key, expected)


def remove_name(line: str, name: str) -> str:
    """Return ``line`` without ``name``; "" if it lists no other name.

    Comments, patterns, and the lines of certificate authorities and revoked keys stay unchanged.
    """
    names, _, _ = line.strip().partition(" ")
    if not names or names[0] in "#@":
        return line
    if names.startswith(HASHED_PREFIX):
        return "" if _is_hash_of(names, name) else line
    others = [other for other in names.split(",") if other != name]
    return line.replace(names, ",".join(others), 1) if others else ""


def _write(file: Path, name: str, key: paramiko.PKey) -> None:
    before = file.read_text(errors="surrogateescape") if file.exists() else ""
    lines = before.splitlines(keepends=True)
    kept = "".join(remove_name(line, name) for line in lines)
    shown = paramiko.HostKeys.hash_host(name) if any(line.startswith(HASHED_PREFIX) for line in lines) else name
    entry = f"{shown} {key.get_name()} {key.get_base64()}\n"
    if kept and not kept.endswith("\n"):
        entry = f"\n{entry}"
    if kept == before:
        _append(file, entry)
    else:
        _replace(file, kept + entry)


def _append(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, text.encode(errors="surrogateescape"))
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(file: Path, text: str) -> None:
    """Replace the file in one step, so that no reader sees a partial one."""
    shutil.copy2(file, f"{file}.old")
    handle, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", errors="surrogateescape") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        shutil.copymode(file, made)
        Path(made).replace(file)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Keep other workers out. The lock is a separate file because the file itself is replaced."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    with Path(f"{file}.lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        yield


def _is_hash_of(hashed: str, name: str) -> bool:
    try:
        return paramiko.HostKeys.hash_host(name, hashed) == hashed
    except (ValueError, AssertionError):
        return False
