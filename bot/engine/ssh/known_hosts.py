"""Strict host keys: read known_hosts, check a host's key, write a trusted key.

OpenSSH and other workers read and write the same file.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import paramiko

from bot.engine.ssh import failures
from bot.engine.ssh.known_hosts_lines import (
    CERT_AUTHORITY,
    HASHED_PREFIX,
    REVOKED,
    InvalidLineError,
    KnownHostsLine,
    UnsupportedKeyError,
    hashed,
    name_is_hashed_as,
    read_lines,
)
from bot.engine.ssh.target import SshTarget
from bot.errors import Failed
from bot.model.host import HostKeyStatus

LOCK_TIMEOUT_S: Final = 5.0
"""How long to wait for another worker that writes."""
CERTIFICATES_UNSUPPORTED: Final = "host certificates are not supported"


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


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """What known_hosts says of a host's keys."""

    trusted: tuple[paramiko.PKey, ...] = ()
    """In the order of the files; several of a type are possible."""
    revoked: tuple[paramiko.PKey, ...] = ()
    """Keys that are never trusted, even if other lines list them."""

    def status(self, key: paramiko.PKey) -> HostKeyStatus:
        """Return what the files say of ``key``."""
        if _among(key, self.revoked):
            return "revoked"
        if _among(key, self.trusted):
            return "trusted"
        return "changed" if self.trusted else "unknown"


def known_keys(target: SshTarget) -> KnownKeys:
    """Return the keys that known_hosts lists for ``target``. Call it for each connection: keys get added.

    As with OpenSSH, lines of the name without a port count if there are none with the port. Raises HostUnreachable
    if a file exists and cannot be read.
    """
    lines = [line for path in target.known_hosts for line in _lines(target, path)]
    trusted: list[paramiko.PKey] = []
    for name in target.known_names:
        trusted = trusted or _keys(line for line in lines if not line.marker and line.lists(name))
    revoked = _keys(line for line in lines if line.marker == REVOKED and any(map(line.lists, target.known_names)))
    return KnownKeys(tuple(trusted), tuple(revoked))


def skipped_lines(path: Path, hosts: Collection[tuple[str, ...]]) -> Iterator[tuple[int, str]]:
    """Yield number and reason of each line that is skipped, as far as it may concern ``hosts`` (by their names).

    A damaged line may concern any host. One that is valid and not supported concerns hosts that have no line with a
    key of their own. Raises OSError if the file exists and cannot be read.
    """
    lines = list(read_lines(path))
    own = [line for line in lines if not line.marker and _keys([line])]
    keyless = [name for names in hosts if not any(line.lists(name) for line in own for name in names) for name in names]
    for line in lines:
        try:
            line.key()
            why = CERTIFICATES_UNSUPPORTED if line.marker == CERT_AUTHORITY else ""
        except UnsupportedKeyError as error:
            why = str(error)
        except InvalidLineError as error:
            yield line.number, str(error)
            continue
        if why and any(map(line.lists, keyless)):
            yield line.number, why


def prefer_known_types(transport: paramiko.Transport, known: KnownKeys) -> None:
    """Ask the server for a key of a known type: otherwise a host with several keys may show one that is not listed."""
    options = transport.get_security_options()
    types = {key.get_name() for key in known.trusted}
    rsa = ("rsa-sha2-512", "rsa-sha2-256") if "ssh-rsa" in types else ()
    wanted = [kind for kind in options.key_types if kind in types or kind in rsa]
    options.key_types = (*wanted, *(kind for kind in options.key_types if kind not in wanted))


def check_host_key(target: SshTarget, key: paramiko.PKey, known: KnownKeys) -> None:
    """Raise HostUnreachable unless ``key`` is trusted."""
    match known.status(key):
        case "revoked":
            raise failures.host_key_revoked(target, key)
        case "unknown":
            raise failures.host_key_unknown(target, key)
        case "changed":
            same_type = (other for other in known.trusted if other.get_name() == key.get_name())
            raise failures.host_key_changed(target, key, next(same_type, known.trusted[0]))


def _lines(target: SshTarget, path: Path) -> Iterator[KnownHostsLine]:
    try:
        yield from read_lines(path)
    except OSError as error:
        raise failures.known_hosts_unreadable(target, path, error) from error


def _keys(lines: Iterable[KnownHostsLine]) -> list[paramiko.PKey]:
    """Return the keys of the lines that are valid."""
    keys = []
    for line in lines:
        with suppress(InvalidLineError):
            keys.append(line.key())
    return keys


def _among(key: paramiko.PKey, keys: Iterable[paramiko.PKey]) -> bool:
    return any(other.asbytes() == key.asbytes() for other in keys)


def remove_name(line: str, name: str) -> str:
    """Return ``line`` without ``name``; "" if it lists no other name.

    Comments, patterns, and the lines of certificate authorities and revoked keys stay unchanged.
    """
    names = re.split(r"[ \t]", line.strip(" \t\r\n"), maxsplit=1)[0]
    if not names or names[0] in "#@":
        return line
    if names.startswith(HASHED_PREFIX):
        return "" if name_is_hashed_as(name, names) else line
    others = [other for other in names.split(",") if other.lower() != name.lower()]
    if len(others) == len(names.split(",")):
        return line
    return line.replace(names, ",".join(others), 1) if others else ""


def _write(file: Path, name: str, key: paramiko.PKey) -> None:
    before = file.read_text(errors="surrogateescape") if file.exists() else ""
    lines = re.findall(r"[^\n]*\n|[^\n]+", before)
    other_lines = "".join(remove_name(line, name) for line in lines)
    shown = hashed(name) if any(line.startswith(HASHED_PREFIX) for line in lines) else name
    entry = f"{shown} {key.get_name()} {key.get_base64()}\n"
    if other_lines and not other_lines.endswith("\n"):
        entry = f"\n{entry}"
    if other_lines == before:
        _append(file, entry)
    else:
        _replace(file, other_lines + entry)


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
