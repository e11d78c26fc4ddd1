"""The swarm folder of an engine, taken out and put in as one gzipped tar while the engine is stopped.

The script that stops an engine starts it again by itself, whatever becomes of the connection or of this process: an
engine is never left stopped because Swarmbot died. The state goes through pipes alone; it is written nowhere but where
the engine has it.
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
from bot.engine.ssh.shell import CompletedBytes, last_line, run_as_root
from bot.errors import EngineError, Failed

MAX_STATE_BYTES: Final = 256 * 1024 * 1024
"""Bytes of packed state. Raft's logs are written in files of 64 MB which are mostly zeros; packed, a new cluster's
state has 0.1 MB (measured on 20.10)."""
PACK_TIMEOUT_S: Final = 60
"""Seconds that the packing may take: the engine is stopped meanwhile."""
UNPACK_TIMEOUT_S: Final = 120
"""Seconds that the unpacking may take, the way there included."""
READ_TIMEOUT_S: Final = 10.0
BACKUP_ID_FILE: Final = "swarmbot-backup"
"""A file in the swarm folder that names the backup which it was restored from; `docker swarm leave` empties all."""

# The engine holds a lock on worker/tasks.db while it runs (bbolt's flock): who gets it knows that it does not, and an
# engine that somebody starts meanwhile waits until the packing is done.
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

# What is unpacked is complete and on the disk before the engine is stopped, and takes its place by one rename: wherever
# this is cut off, all of it is there with its mark or none. What was left then is removed by the next. Without
# docker-state.json the engine does not come up as a member that looks for its old peers: only
# `init --force-new-cluster` brings the state to life.
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
timeout "$seconds" tar -C "$new" -xzf - || { echo "the state could not be unpacked there" >&2; exit 74; }
rm -f "$new/swarm/docker-state.json"
echo "$backup" >"$new/swarm/"""
    + BACKUP_ID_FILE
    + r"""" && sync || { echo "the state could not be written there" >&2; exit 74; }
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
    """Stop the engine, take its swarm state, start it again. Raises HostUnreachable, EngineError, Failed."""
    root = running_data_root(client, service)
    words = (PACK_SCRIPT, root, service.stop, service.start, str(PACK_TIMEOUT_S))
    done = run_as_root(
        client.dialer.connection, *words, timeout=SCRIPT_TIMEOUT_S + PACK_TIMEOUT_S, max_bytes=MAX_STATE_BYTES
    )
    if done.status:
        raise script_failure(client, done)
    return done.out


def place(client: EngineClient, service: Service, state: bytes, backup: str) -> None:
    """Put ``state`` in, which is the backup of that id, unless it is there; only where there is none.

    Raises HostUnreachable, EngineError, Failed.
    """
    root = running_data_root(client, service)
    words = (PLACE_SCRIPT, root, service.stop, service.start, backup, str(UNPACK_TIMEOUT_S))
    done = run_as_root(client.dialer.connection, *words, timeout=SCRIPT_TIMEOUT_S + UNPACK_TIMEOUT_S, stdin=state)
    if done.status:
        raise script_failure(client, done)


def placed(client: EngineClient) -> str:
    """What is in the swarm folder: "" for nothing, the id of the backup that it was restored from, or ``other``."""
    root = client.data_root()
    done = run_as_root(client.dialer.connection, FOLDER_SCRIPT, root, timeout=READ_TIMEOUT_S)
    if done.status:
        raise EngineError(client.host, 0, _told(client, done.err))
    standing, *backup = done.out.decode().split()
    return "" if standing == "empty" else "".join(backup) or standing


def script_failure(client: EngineClient, done: CompletedBytes) -> Failed:
    """What a script that stops and starts an engine said last, and what to do where its commands are to blame."""
    step = COMMANDS_HINT if done.status in {STOP_FAILED_STATUS, START_FAILED_STATUS} else ""
    return Failed(_told(client, done.err), next_step=step)


def _told(client: EngineClient, err: str) -> str:
    return f"`{client.host}`: {last_line(err)}."
