"""An engine as a service of its host: stopping it and starting it again, around what needs it stopped."""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine import unreachable
from bot.engine.as_root import exchange_as_root
from bot.engine.client import EngineClient
from bot.errors import EngineError, HostUnreachable

LONGEST: Final = 150.0
"""Seconds that stopping, or starting, may take: systemd kills an engine that does not end within 90."""

# Whoever stops an engine holds this lock until it runs again, so that two never do at once; a dead one's lock is free.
# What is started must not inherit it (9>&-). `again` is what a script does at its end, whatever ended it.
LOCKED: Final = r"""
exec 9>>/run/swarmbot.lock
flock -w 150 9 || { echo "another backup or restore runs on it" >&2; exit 75; }
engine_stop() {
  sh -c "$stop" </dev/null >/dev/null 2>&1 9>&- || { echo "its engine could not be stopped by: $stop" >&2; exit 71; }
}
engine_start() {
  sh -c "$start" </dev/null >/dev/null 2>&1 9>&- || { echo "its engine did not start again by: $start" >&2; exit 70; }
}
trap 'exit 1' HUP INT TERM PIPE
"""

START_SCRIPT: Final = "stop= start=$1" + LOCKED + "engine_start"


def start(client: EngineClient, service: Service) -> None:
    """Start the engine, after whoever stopped it is done; nothing if it runs. Raises HostUnreachable, EngineError."""
    connection = client.dialer.connection
    done = exchange_as_root(connection, START_SCRIPT, service.start, timeout=2 * LONGEST)
    if done.status:
        why = (done.err.strip().splitlines() or [f"exit status {done.status}"])[-1]
        raise unreachable.impossible(connection.target, why, "Look at `journalctl -u docker` on it.")


def root_folder(client: EngineClient, service: Service) -> str:
    """The engine's data folder (``DockerRootDir``). One that is stopped is started: it cannot be asked otherwise."""
    try:
        return str(client.ask(lambda api: api.info())["DockerRootDir"])
    except (HostUnreachable, EngineError):
        start(client, service)
        return str(client.ask(lambda api: api.info())["DockerRootDir"])
