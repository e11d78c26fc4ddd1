"""A manager's key file on its host: read it, and replace it while the engine is stopped."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.api.engine_service import CONTROL_SCRIPT, SCRIPT_TIMEOUT_S, running_data_root
from bot.engine.disk.swarm_folder import script_failure
from bot.engine.ssh.shell import READER_PRELUDE, read, run_as_root
from bot.errors import EngineError
from bot.model.host import KeyFile

READ_TIMEOUT_S: Final = 10.0
WRITE_TIMEOUT_S: Final = 20
"""How long the transfer of a key file may take: the engine is stopped meanwhile."""
KEY_FILE: Final = "swarm/certificates/swarm-node.key"

# A key that is not encrypted stays on the host: only its first lines are examined there.
READ_SCRIPT: Final = (
    READER_PRELUDE
    + r"""
case $($as head -n 1 "$1") in
  *' ENCRYPTED '*) $as cat "$1" ;;
  *'PRIVATE KEY'*) $as head -n 4 "$1" | grep '^opened-by: ' || echo open ;;
  *) exit 1 ;;
esac
"""
)

MANAGERS_SCRIPT: Final = READER_PRELUDE + '$as cat "$1"'

# The engine replaces its key file in the same way. It is started without docker-state.json, which is put back right
# after: so it starts at once and in no swarm, instead of looking for its peers for 20 s with an open key file, and at
# its next start it is a member again, unless it was forced before.
OPEN_SCRIPT: Final = (
    r"""
root=$1 stop=$2 start=$3 sum=$4 size=$5 seconds=$6
file=$root/swarm/certificates/swarm-node.key new=$root/swarm/certificates/swarm-node.key.swarmbot
state=$root/swarm/docker-state.json aside=$root/swarm/docker-state.json.swarmbot
same() {
  [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$sum" ] || { echo "its key file has changed" >&2; exit 73; }
}
"""
    + CONTROL_SCRIPT
    + r"""
same
trap 'status=$?; rm -f "$new"; (engine_start) || status=70; mv "$aside" "$state" 2>/dev/null; exit $status' EXIT
engine_stop
same
umask 077
timeout "$seconds" cat >"$new" && [ "$(wc -c <"$new")" -eq "$size" ] && mv "$new" "$file" && sync ||
  { echo "its key file could not be replaced" >&2; exit 74; }
mv "$state" "$aside"
"""
)


def key_file(client: EngineClient) -> KeyFile:
    """Return the manager's key file. Raises HostUnreachable, EngineError."""
    done = read(client.dialer.connection, READ_SCRIPT, f"{client.data_root()}/{KEY_FILE}", timeout=READ_TIMEOUT_S)
    if done.status:
        raise EngineError(client.host, 0, f"The key file of `{client.host}` cannot be read.")
    if "ENCRYPTED" in done.out:
        return KeyFile("locked", done.out.encode())
    return KeyFile("opened" if done.out.startswith("opened-by:") else "open")


def known_managers(client: EngineClient) -> tuple[str, ...]:
    """Return the managers' addresses in ``swarm/state.json``. Raises HostUnreachable, EngineError."""
    done = read(
        client.dialer.connection, MANAGERS_SCRIPT, f"{client.data_root()}/swarm/state.json", timeout=READ_TIMEOUT_S
    )
    try:
        return tuple(sorted(str(peer["addr"]) for peer in json.loads(done.out)))
    except (ValueError, KeyError, TypeError):
        raise EngineError(client.host, 0, f"The list of managers on `{client.host}` cannot be read.") from None


def open_key_file(client: EngineClient, service: Service, locked: bytes, opened: bytes) -> None:
    """Stop the engine, replace the file, start it again. Raises HostUnreachable, EngineError, Failed."""
    root = running_data_root(client, service)
    sum_ = hashlib.sha256(locked).hexdigest()
    words = (root, service.stop, service.start, sum_, str(len(opened)), str(WRITE_TIMEOUT_S))
    done = run_as_root(
        client.dialer.connection, OPEN_SCRIPT, *words, timeout=SCRIPT_TIMEOUT_S + WRITE_TIMEOUT_S, stdin=opened
    )
    if done.status:
        raise script_failure(client, done)
