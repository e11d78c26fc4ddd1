"""Logging in by public key: the identity files, then the agent's keys, as OpenSSH does."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import paramiko
from paramiko.pkey import UnknownKeyType

from bot.blocks import as_said, tick
from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget

DEFAULT_FILES: Final = tuple(Path("~/.ssh").expanduser() / name for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
MOST_TRIES: Final = 5
"""sshd ends the connection at its sixth refused key (MaxAuthTries)."""
AGENT: Final = 5.0
"""Seconds that the agent gets to answer: all that wait for this host wait for it."""


def log_in(transport: paramiko.Transport, target: SshTarget) -> None:
    """Log ``target.user`` in. Raises HostUnreachable (``key refused``), or paramiko's and OS errors when it breaks."""
    tried: list[str] = []
    why = "none of our keys is accepted"
    with contextlib.closing(_keys(target, tried)) as keys:
        for number, (label, key) in enumerate(keys):
            if number == MOST_TRIES:
                break
            tried.append(label)
            try:
                if not transport.auth_publickey(target.user, key):
                    return
                why = "it wants more than a key"
                break
            except paramiko.BadAuthenticationType as error:
                why = f"it takes no keys but {as_said(', '.join(error.allowed_types))}"
                break
            except paramiko.AuthenticationException:
                if not transport.is_active():
                    break
    raise failures.key_refused(target, tried, why)


def _keys(target: SshTarget, tried: list[str]) -> Generator[tuple[str, paramiko.PKey]]:
    """Yield keys with what to call them; what holds no usable key is named in ``tried``."""
    for path in target.identity_files or [path for path in DEFAULT_FILES if path.exists()]:
        try:
            key = paramiko.PKey.from_path(path)
        except FileNotFoundError:
            tried.append(f"`{path}` (no such file)")
        except (TypeError, paramiko.PasswordRequiredException):
            tried.append(f"`{path}` (has a passphrase: load it into the agent)")
        except (OSError, ValueError, paramiko.SSHException, UnknownKeyType) as error:
            tried.append(f"`{path}` (not a key: {error})")
        else:
            yield f"`{path}` ({key.fingerprint})", key
    agent = _agent()
    if agent is None:
        tried.append("the agent (it did not answer)")
        return
    with contextlib.closing(agent):
        for agent_key in agent.get_keys():
            yield f"the agent's {tick(agent_key.comment)} ({agent_key.fingerprint})", agent_key


def _agent() -> paramiko.Agent | None:
    """Open the agent, which paramiko waits for without a bound; None when it does not answer as one."""
    opening: Future[paramiko.Agent] = Future()

    def open_() -> None:
        try:
            opening.set_result(paramiko.Agent())
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            opening.set_exception(error)

    threading.Thread(target=open_, name="ssh-agent", daemon=True).start()
    try:
        return opening.result(AGENT)
    except (TimeoutError, OSError, paramiko.SSHException):
        return None
