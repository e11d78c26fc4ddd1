"""Login by public key: the identity files, then the agent's keys, in OpenSSH's order."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import paramiko
from paramiko.pkey import UnknownKeyType

from bot.blocks import plain_line, tick
from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget

DEFAULT_FILES: Final = tuple(Path("~/.ssh").expanduser() / name for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
MAX_KEYS_TRIED: Final = 5
"""sshd closes the connection at the sixth refused key (MaxAuthTries)."""
AGENT_TIMEOUT_S: Final = 5.0
"""How long the agent may take to respond: every job for this host waits for it."""


def log_in(transport: paramiko.Transport, target: SshTarget) -> None:
    """Log ``target.user`` in.

    Raises HostUnreachable (``key refused``); paramiko's and OS errors if the connection breaks.
    """
    tried: list[str] = []
    why = "it accepts none of our keys"
    with contextlib.closing(_keys(target, tried)) as keys:
        for number, (label, key) in enumerate(keys):
            if number == MAX_KEYS_TRIED:
                break
            tried.append(label)
            try:
                if not transport.auth_publickey(target.user, key):
                    return
                why = "it requires more than a key"
                break
            except paramiko.BadAuthenticationType as error:
                why = f"it accepts no keys, only {plain_line(', '.join(error.allowed_types))}"
                break
            except paramiko.AuthenticationException:
                if not transport.is_active():
                    break
    raise failures.login_refused(target, tried, why)


def _keys(target: SshTarget, tried: list[str]) -> Generator[tuple[str, paramiko.PKey]]:
    """Yield each key with its name; add each file that holds no usable key to ``tried``."""
    for path in target.identity_files or [path for path in DEFAULT_FILES if path.exists()]:
        try:
            key = paramiko.PKey.from_path(path)
        except FileNotFoundError:
            tried.append(f"`{path}` (no such file)")
        except (TypeError, paramiko.PasswordRequiredException):
            tried.append(f"`{path}` (has a passphrase: load it into the agent)")
        except (OSError, ValueError, paramiko.SSHException, UnknownKeyType) as error:
            tried.append(f"`{path}` (not a valid key: {error})")
        else:
            yield f"`{path}` ({key.fingerprint})", key
    agent = _agent()
    if agent is None:
        tried.append("the agent (it did not respond)")
        return
    with contextlib.closing(agent):
        for agent_key in agent.get_keys():
            yield f"the agent's {tick(agent_key.comment)} ({agent_key.fingerprint})", agent_key


def _agent() -> paramiko.Agent | None:
    """Return the agent, or None if it does not respond as one; paramiko itself would wait without a limit."""
    opening: Future[paramiko.Agent] = Future()

    def open_() -> None:
        try:
            opening.set_result(paramiko.Agent())
        except Exception as error:  # noqa: BLE001 - the waiting thread must get it
            opening.set_exception(error)

    threading.Thread(target=open_, name="ssh-agent", daemon=True).start()
    try:
        return opening.result(AGENT_TIMEOUT_S)
    except (TimeoutError, OSError, paramiko.SSHException):
        return None
