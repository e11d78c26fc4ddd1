"""Writing a known_hosts file that OpenSSH and other workers read and write too."""

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

LOCKED: Final = 5.0
"""Seconds to wait for another worker that writes."""
HASHED: Final = "|1|"


def trust(path: Path, name: str, key: paramiko.PKey) -> None:
    """Let the file list ``key`` for ``name`` and no other key for it; all else in it stays as it is.

    A new name is appended. Where another key stood the file is written anew, with the old one beside it as
    ``known_hosts.old``, as ``ssh-keygen -R`` does. The name is hashed where the file's names are. Raises Failed.
    """
    try:
        path.expanduser().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.expanduser().resolve()
        with _locked(file):
            _write(file, name, key)
    except OSError as error:
        raise Failed(
            f"`{path}` cannot be written: {error.strerror or error}.",
            true_now="The key is not trusted.",
            next_step=f"Add this line to it: `{name} {key.get_name()} {key.get_base64()}`",
        ) from None


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
            raise failures.keys_unread(target, path, error) from error
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
        raise failures.key_unknown(target, key)
    expected = known.get(key.get_name())
    if expected is None:
        raise failures.key_changed(target, key, next(iter(known.values())))
    if expected.asbytes() != key.asbytes():
        raise failures.key_changed(target, key, expected)


def without(line: str, name: str) -> str:
    """A line without ``name``: shorter where it lists others too, "" where it lists only this one.

    Comments, patterns, and lines of certificate authorities and of revoked keys are left alone.
    """
    names, _, _ = line.strip().partition(" ")
    if not names or names[0] in "#@":
        return line
    if names.startswith(HASHED):
        return "" if _is_hash_of(names, name) else line
    others = [other for other in names.split(",") if other != name]
    return line.replace(names, ",".join(others), 1) if others else ""


def _write(file: Path, name: str, key: paramiko.PKey) -> None:
    before = file.read_text(errors="surrogateescape") if file.exists() else ""
    lines = before.splitlines(keepends=True)
    kept = "".join(without(line, name) for line in lines)
    shown = paramiko.HostKeys.hash_host(name) if any(line.startswith(HASHED) for line in lines) else name
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
    """The new file is in the old one's place at once, and never in part."""
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
    """Keep other workers out; the lock is a file of its own, for the other one is replaced."""
    deadline = time.monotonic() + LOCKED
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
