"""Read and write an engine's swarm folder as one gzipped tar while the engine is stopped.

The script that stops the engine also starts it again, even if the connection or this process dies: Swarmbot never
leaves an engine stopped. The state only passes through pipes and is written to no other place than the engine's own
folder.
"""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.api.engine_service import (
    COMMANDS_HINT,
    CONTROL_SCRIPT,
    SCRIPT_TIMEOUT_S,
    START_FAILED_STATUS,
    STOP_FAILED_STATUS,
    running_data_root,
)
from bot.engine.ssh.shell import CompletedBytes, last_line, read_as_root, run_as_root
from bot.errors import EngineError, Failed

MAX_STATE_BYTES: Final = 256 * 1024 * 1024
"""The limit for packed state. The Raft log's files have 64 MB and are mostly zeros; the packed state of a new cluster
has 0.1 MB (measured on 20.10)."""
PACK_TIMEOUT_S: Final = 60
"""How long packing may take: the engine is stopped meanwhile."""
UNPACK_TIMEOUT_S: Final = 120
"""How long the transfer and the unpacking may take together."""
READ_TIMEOUT_S: Final = 10.0
BACKUP_ID_FILE: Final = "swarmbot-backup"
"""The file in the swarm folder with the id of the backup that it was restored from; `docker swarm leave` deletes it."""

# A running engine holds a lock on worker/tasks.db (bbolt's flock). The process that gets the lock knows that the engine
# does not run, and an engine that is started meanwhile waits until the packing is done.
PACK_SCRIPT: Final = (
    r"""
root=$1 stop=$2 start=$3 seconds=$4
[ -f "$root/swarm/worker/tasks.db" ] || { echo "$root/swarm holds no swarm state" >&2; exit 72; }
"""
    + CONTROL_SCRIPT
    + r"""
trap engine_start EXIT
engine_stop
flock -w 10 "$root/swarm/worker/tasks.db" timeout "$seconds" tar -C "$root" -czf - swarm ||
  { echo "its swarm state could not be packed within $seconds s" >&2; exit 74; }
"""
)

# The state is unpacked and synced to disk before the engine is stopped, and moved into place by one rename: if the
# script is cut off, either all of it is there with its id, or nothing. The next run removes the rest. Without
# docker-state.json the engine does not start as a member that looks for its old peers: only `init --force-new-cluster`
# uses the state.
PLACE_SCRIPT: Final = (
    r"""
root=$1 stop=$2 start=$3 backup=$4 seconds=$5
fresh() { [ -z "$(ls -A "$root/swarm" 2>/dev/null)" ] || { echo "$root/swarm is not empty" >&2; exit 73; }; }
"""
    + CONTROL_SCRIPT
    + r"""
[ "$(cat "$root/swarm/"""
    + BACKUP_ID_FILE
    + r"""" 2>/dev/null)" = "$backup" ] && exit 0
new=$root/swarm.swarmbot
rm -rf "$new"
fresh
trap 'rm -rf "$new"' EXIT
mkdir -m 700 "$new"
timeout "$seconds" tar -C "$new" -xzf - || { echo "the state could not be unpacked" >&2; exit 74; }
rm -f "$new/swarm/docker-state.json"
echo "$backup" >"$new/swarm/"""
    + BACKUP_ID_FILE
    + r"""" && sync || { echo "the state could not be written" >&2; exit 74; }
trap 'rm -rf "$new"; engine_start' EXIT
engine_stop
fresh
rmdir "$root/swarm" 2>/dev/null
[ ! -e "$root/swarm" ] || { echo "$root/swarm cannot be replaced: it is a mount or a link" >&2; exit 74; }
mv "$new/swarm" "$root/swarm" && sync
"""
)

FOLDER_SCRIPT: Final = (
    r"""
if [ -z "$(ls -A "$1/swarm" 2>/dev/null)" ]; then echo empty
else echo other; cat "$1/swarm/"""
    + BACKUP_ID_FILE
    + r"""" 2>/dev/null || true; fi
"""
)


def pack(client: EngineClient, service: Service) -> bytes:
    """Stop the engine, return its packed swarm state, start it again. Raises HostUnreachable, EngineError, Failed."""
    root = running_data_root(client, service)
    words = (PACK_SCRIPT, root, service.stop, service.start, str(PACK_TIMEOUT_S))
    done = run_as_root(
        client.dialer.connection, *words, timeout=SCRIPT_TIMEOUT_S + PACK_TIMEOUT_S, max_bytes=MAX_STATE_BYTES
    )
    if done.status:
        raise script_failure(client, done)
    return done.out


def place(client: EngineClient, service: Service, state: bytes, backup: str) -> None:
    """Unpack ``state``, the backup with that id, into an empty swarm folder; do nothing if it is already there.

    Raises HostUnreachable, EngineError, Failed.
    """
    root = running_data_root(client, service)
    words = (PLACE_SCRIPT, root, service.stop, service.start, backup, str(UNPACK_TIMEOUT_S))
    done = run_as_root(client.dialer.connection, *words, timeout=SCRIPT_TIMEOUT_S + UNPACK_TIMEOUT_S, stdin=state)
    if done.status:
        raise script_failure(client, done)


def placed(client: EngineClient) -> str:
    """Return "" if the swarm folder is empty, the id of the backup that it was restored from, or ``other``."""
    root = client.data_root()
    done = read_as_root(client.dialer.connection, FOLDER_SCRIPT, root, timeout=READ_TIMEOUT_S)
    if done.status:
        raise EngineError(client.host, 0, _told(client, done.err))
    content, *backup = done.out.decode().split()
    return "" if content == "empty" else "".join(backup) or content


def script_failure(client: EngineClient, done: CompletedBytes) -> Failed:
    """Return the failure of a script that stops and starts an engine, with the next step if its commands failed."""
    step = COMMANDS_HINT if done.status in {STOP_FAILED_STATUS, START_FAILED_STATUS} else ""
    return Failed(_told(client, done.err), next_step=step)


def _told(client: EngineClient, err: str) -> str:
    return f"`{client.host}`: {last_line(err)}."
