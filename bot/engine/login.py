"""Logging in by public key: the identity files, then the agent's keys, as OpenSSH does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import paramiko
from paramiko.pkey import UnknownKeyType

from bot.engine import unreachable
from bot.engine.target import SshTarget
from bot.slack.blocks import as_said

DEFAULT_FILES: Final = tuple(Path("~/.ssh").expanduser() / name for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
MOST_TRIES: Final = 5
"""sshd ends the connection at its sixth refused key (MaxAuthTries)."""


def log_in(transport: paramiko.Transport, target: SshTarget) -> None:
    """Log ``target.user`` in. Raises HostUnreachable (``key refused``), or paramiko's and OS errors when it breaks."""
    tried: list[str] = []
    why = "none of our keys is accepted"
    with contextlib.closing(paramiko.Agent()) as agent:
        for number, (label, key) in enumerate(_keys(target, agent, tried)):
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
    raise unreachable.key_refused(target, tried, why)


def _keys(target: SshTarget, agent: paramiko.Agent, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """Yield keys with what to call them; files that hold no usable key are named in ``tried``."""
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
    for agent_key in agent.get_keys():
        yield f"the agent's `{agent_key.comment}` ({agent_key.fingerprint})", agent_key
