"""The swarm folder of an engine, taken out and put in as one gzipped tar while the engine is stopped.

The script that stops an engine starts it again by itself, whatever becomes of the connection or of this process: an
engine is never left stopped because Swarmbot died. The state goes through pipes alone; it is written nowhere but where
the engine has it.
"""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.api.service import AROUND, COMMANDS, LOCKED, START_FAILED, STOP_FAILED, root_folder
from bot.engine.ssh.shell import Exchanged, exchange_as_root, last_line
from bot.errors import EngineError, Failed

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of packed state. Raft's logs are written in files of 64 MB which are mostly zeros; packed, a new cluster's
state has 0.1 MB (measured on 20.10)."""
PACKING: Final = 60
"""Seconds that the packing may take: the engine is stopped meanwhile."""
UNPACKING: Final = 120
"""Seconds that the unpacking may take, the way there included."""
LOOK: Final = 10.0
MARK: Final = "swarmbot-backup"
"""A file in the swarm folder that names the backup which it was restored from; `docker swarm leave` empties all."""

# The engine holds a lock on worker/tasks.db while it runs (bbolt's flock): who gets it knows that it does not, and an
# engine that somebody starts meanwhile waits until the packing is done.
PACK_SCRIPT: Final = (
    r"""
root=$1 stop=$2 start=$3 seconds=$4
[ -f "$root/swarm/worker/tasks.db" ] || { echo "$root/swarm holds no swarm state" >&2; exit 72; }
"""
    + LOCKED
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
    + LOCKED
    + r"""
[ "$(cat "$root/swarm/"""
    + MARK
    + r"""" 2>/dev/null)" = "$backup" ] && exit 0
new=$root/swarm.swarmbot
rm -rf "$new"
fresh
trap 'rm -rf "$new"' EXIT
mkdir -m 700 "$new"
timeout "$seconds" tar -C "$new" -xzf - || { echo "the state could not be unpacked there" >&2; exit 74; }
rm -f "$new/swarm/docker-state.json"
echo "$backup" >"$new/swarm/"""
    + MARK
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
    + MARK
    + r"""" 2>/dev/null || true; fi
"""
)


def pack(client: EngineClient, service: Service) -> bytes:
    """Stop the engine, take its swarm state, start it again. Raises HostUnreachable, EngineError, Failed."""
    root = root_folder(client, service)
    words = (PACK_SCRIPT, root, service.stop, service.start, str(PACKING))
    done = exchange_as_root(client.dialer.connection, *words, timeout=AROUND + PACKING, most=LARGEST)
    if done.status:
        raise failed(client, done)
    return done.out


def place(client: EngineClient, service: Service, state: bytes, backup: str) -> None:
    """Put ``state`` in, which is the backup of that id, unless it is there; only where there is none.

    Raises HostUnreachable, EngineError, Failed.
    """
    root = root_folder(client, service)
    words = (PLACE_SCRIPT, root, service.stop, service.start, backup, str(UNPACKING))
    done = exchange_as_root(client.dialer.connection, *words, timeout=AROUND + UNPACKING, feed=state)
    if done.status:
        raise failed(client, done)


def placed(client: EngineClient) -> str:
    """What is in the swarm folder: "" for nothing, the id of the backup that it was restored from, or ``other``."""
    root = client.data_folder()
    done = exchange_as_root(client.dialer.connection, FOLDER_SCRIPT, root, timeout=LOOK)
    if done.status:
        raise EngineError(client.host, 0, _told(client, done.err))
    standing, *backup = done.out.decode().split()
    return "" if standing == "empty" else "".join(backup) or standing


def failed(client: EngineClient, done: Exchanged) -> Failed:
    """What a script that stops and starts an engine said last, and what to do where its commands are to blame."""
    step = COMMANDS if done.status in {STOP_FAILED, START_FAILED} else ""
    return Failed(_told(client, done.err), next_step=step)


def _told(client: EngineClient, err: str) -> str:
    return f"`{client.host}`: {last_line(err)}."
