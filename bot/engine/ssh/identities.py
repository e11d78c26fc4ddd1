"""The keys to log in with: the identity files with their certificates, then the agent's other keys."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import Final

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from paramiko.pkey import PublicBlob

from bot.blocks import plain_line, tick
from bot.engine.ssh.target import SshTarget

DEFAULT_FILES: Final = tuple(Path("~/.ssh").expanduser() / name for name in ("id_ed25519", "id_ecdsa", "id_rsa"))
AGENT_TIMEOUT_S: Final = 5.0
"""How long the agent may take to respond: every job for this host waits for it."""
KEY_CLASSES: Final[dict[type, type[paramiko.PKey]]] = {
    rsa.RSAPrivateKey: paramiko.RSAKey,
    ed25519.Ed25519PrivateKey: paramiko.Ed25519Key,
    ec.EllipticCurvePrivateKey: paramiko.ECDSAKey,
}


class Identities:
    """The keys for one login at ``target``, which may take several connections. Each is offered once.

    Iterate over labels and keys. Close it: the agent's connection is open until then.
    """

    def __init__(self, target: SshTarget) -> None:
        self.unusable: list[str] = []
        """The files and agents without a usable key, and why; it grows during the iteration."""
        self._target = target
        self._agent_connections = contextlib.ExitStack()
        self._keys = self._all()

    def __iter__(self) -> Iterator[tuple[str, paramiko.PKey]]:
        """Return the one iterator: a second loop continues where the first one stopped."""
        return self._keys

    def close(self) -> None:
        """Close the agent's connection."""
        self._agent_connections.close()

    def _all(self) -> Iterator[tuple[str, paramiko.PKey]]:
        offered = set()
        for path in self._target.identity_files or [path for path in DEFAULT_FILES if path.exists()]:
            found = self._of_file(path)
            if found is None:
                continue
            label, key = found
            offered.add(key.asbytes())
            yield from self._with_certificate(path, key)
            yield label, key
        if not self._target.identities_only:
            yield from ((_agent_label(key), key) for key in self._agent_keys if key.asbytes() not in offered)

    def _of_file(self, path: Path) -> tuple[str, paramiko.PKey] | None:
        """Return the key of an identity file: its own, or the agent's if the file has no private key for us."""
        try:
            key = load_private_key(path)
        except FileNotFoundError:
            why = "no such file"
        except TypeError:
            why = "has a passphrase: load it into the agent"
        except (OSError, ValueError, UnsupportedAlgorithm, paramiko.SSHException) as error:
            why = f"not a valid key: {plain_line(str(error))}"
        else:
            return f"`{path}` ({key.fingerprint})", key
        public = _public_key(path) or _public_key(Path(f"{path}.pub"))
        if public is None:
            self.unusable.append(f"`{path}` ({why})")
            return None
        for agent_key in self._agent_keys:
            if agent_key.asbytes() == public:
                return f"`{path}` by the agent ({agent_key.fingerprint})", agent_key
        self.unusable.append(f"`{path}` (its private key is not in the agent)")
        return None

    def _with_certificate(self, path: Path, key: paramiko.PKey) -> Iterator[tuple[str, paramiko.PKey]]:
        """Yield ``key`` with the certificate beside the file, if there is one. The server decides if it is valid."""
        certificate = Path(f"{str(path).removesuffix('.pub')}-cert.pub")
        if not certificate.exists():
            return
        try:
            key.load_certificate(str(certificate))
        except (OSError, ValueError, paramiko.SSHException) as error:
            self.unusable.append(f"`{certificate}` (not a valid certificate: {plain_line(str(error))})")
            return
        yield f"`{certificate}`", key
        key.public_blob = None

    @cached_property
    def _agent_keys(self) -> tuple[paramiko.AgentKey, ...]:
        agent = _agent()
        if agent is None:
            self.unusable.append("the agent (it did not respond)")
            return ()
        self._agent_connections.callback(agent.close)
        return agent.get_keys()


def load_private_key(path: Path) -> paramiko.PKey:
    """Return the private key in a file of OpenSSH's format, PEM or PKCS#8, without a certificate.

    Raises TypeError if it has a passphrase; OSError, ValueError, UnsupportedAlgorithm, SSHException.
    """
    data = path.read_bytes()
    loaded: PrivateKeyTypes
    try:
        loaded = serialization.load_ssh_private_key(data, None)
    except ValueError:
        loaded = serialization.load_pem_private_key(data, None)
    kind = next((ours for theirs, ours in KEY_CLASSES.items() if isinstance(loaded, theirs)), None)
    if kind is None:
        raise ValueError("its type is not supported")
    # paramiko reads ED25519 keys in OpenSSH's own format only.
    text = loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return kind.from_private_key(io.StringIO(text.decode()))


def _public_key(path: Path) -> bytes | None:
    """Return the public key in a file as SSH encodes it; None if it holds none."""
    try:
        return PublicBlob.from_file(str(path)).key_blob
    except (OSError, ValueError, paramiko.SSHException):
        return None


def _agent_label(key: paramiko.AgentKey) -> str:
    return f"the agent's {tick(key.comment)} ({key.fingerprint})"


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
