"""The swarm state of an engine that does not run: read it, and move it away, while the engine is kept from starting.

A running engine holds a lock (bbolt's flock) on ``volumes/metadata.db``. It takes the lock at its start, before it
reads any swarm state, and exits if it cannot get it within a second. So the process that holds the lock knows that no
engine runs, and that an engine which is started meanwhile reads the swarm state only afterwards (measured on 20.10).
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from bot.config import Service
from bot.engine.api.engine_service import COMMAND_TIMEOUT_S, CONTROL_SCRIPT
from bot.engine.disk.data_root import DIVIDER, data_root
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import last_line, read_as_root, run_as_root
from bot.errors import EngineError
from bot.model.host import StoppedEngine
from bot.model.network import ip_of

READ_TIMEOUT_S: Final = 10.0
HELD_OFF_PREFIX: Final = "swarm.held-off"
"""The prefix of the folders for swarm state that was moved away; the time in unix seconds follows."""

ENGINE_RUNS_STATUS: Final = 76

_ENGINE_OFF: Final = r"""
[ -f "$root/volumes/metadata.db" ] || { echo "$root is not the data root of an engine" >&2; exit 72; }
exec 8<"$root/volumes/metadata.db"
flock -w 3 8 || exit 76
"""

# Without docker-state.json an engine starts in no swarm, even if the folder holds other files.
READ_SCRIPT: Final = (
    r"""
root=$1
"""
    + _ENGINE_OFF
    + r"""
exec 8<&-
folder=$root/swarm
[ -f "$folder/docker-state.json" ] || folder=$(ls -d "$root/$2"* 2>/dev/null | sort | tail -n 1)
[ -n "$folder" ] || { echo "there is no swarm state in $root" >&2; exit 73; }
printf '%s\n---\n' "$folder"
cat "$folder/state.json" 2>/dev/null
printf '\n---\n'
cat "$folder/certificates/swarm-node.crt" 2>/dev/null || true
"""
)

HOLD_OFF_SCRIPT: Final = (
    r"""
root=$1 stop= start=
"""
    + CONTROL_SCRIPT
    + _ENGINE_OFF
    + r"""
[ -f "$root/swarm/docker-state.json" ] || exit 0
aside=$root/$2-$(date +%s)
[ ! -e "$aside" ] || { echo "$aside already exists" >&2; exit 74; }
mv "$root/swarm" "$aside" && sync
"""
)


def read_stopped(connection: SshConnection, service: Service) -> StoppedEngine:
    """Return the swarm state on the disk. Raises HostUnreachable; EngineError as bot.model.engine_api says."""
    root = data_root(connection, service)
    done = read_as_root(connection, READ_SCRIPT, root, HELD_OFF_PREFIX, timeout=READ_TIMEOUT_S)
    if done.status:
        raise _failed(connection, done.status, done.err)
    folder, peers, certificate = done.out.decode(errors="replace").split(DIVIDER, 2)
    node = node_of(certificate)
    if not node:
        raise _failed(connection, 0, f"no certificate says which node the swarm state in {folder} belongs to")
    held_off = PurePosixPath(folder).name != "swarm"
    return StoppedEngine(folder, held_off, node, address_of(node, peers))


def hold_off(connection: SshConnection, service: Service) -> None:
    """Move the swarm state away. Raises HostUnreachable; EngineError as bot.model.engine_api says."""
    root = data_root(connection, service)
    done = run_as_root(connection, HOLD_OFF_SCRIPT, root, HELD_OFF_PREFIX, timeout=COMMAND_TIMEOUT_S + READ_TIMEOUT_S)
    if done.status:
        raise _failed(connection, done.status, done.err)


def node_of(certificate: str) -> str:
    """Return the node's id, the common name in its certificate; "" if there is none."""
    try:
        subject = x509.load_pem_x509_certificates(certificate.encode())[0].subject
    except ValueError:
        return ""
    return "".join(str(name.value) for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def address_of(node: str, peers: str) -> str:
    """Return the IP address of ``node`` in ``state.json``, the engine's list of managers; "" if it is not listed."""
    try:
        addresses = {peer["node_id"]: str(peer["addr"]) for peer in json.loads(peers)}
    except (ValueError, KeyError, TypeError):
        return ""
    return ip_of(addresses.get(node, ""))


def _failed(connection: SshConnection, status: int, err: str) -> EngineError:
    if status == ENGINE_RUNS_STATUS:
        return failures.host_error(
            connection.target,
            "has a running engine: it is starting, hung, or does not respond at this socket",
            "Wait until it responds, or stop it: then it can be held off.",
        )
    what = f"could not read or move its swarm state: {last_line(err)}"
    return failures.host_error(connection.target, what, "Check that folder on it.")
