"""An engine as a service of its host: stopping it and starting it again, around what needs it stopped."""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.shell import exchange_as_root, last_line
from bot.errors import EngineError, HostUnreachable

LONGEST: Final = 150.0
"""Seconds that stopping, or starting, or waiting for one's turn may take: systemd kills an engine that does not end
within 90."""
AROUND: Final = 3 * LONGEST + 60.0
"""Seconds in which a script has ended that waits, stops an engine and starts it, what it does meanwhile left out: more
than the bounds in it, so that nobody is told of a script that goes on."""

# Whoever stops an engine holds this lock until it runs again, so that two never do at once; a dead one's lock is free.
# What is started must not inherit it (9>&-), nor a pipe: so what the commands say goes to a file.
LOCKED: Final = (
    f"\nlongest={LONGEST:.0f}"
    r"""
exec 9>>/run/swarmbot.lock
flock -w $longest 9 || { echo "another backup or restore runs on it" >&2; exit 75; }
said=/run/swarmbot.said
engine_do() {
  timeout -k 10 $longest sh -c "$1" </dev/null >$said 2>&1 9>&- && return
  case $? in 124 | 137) echo "it did not end within $longest s" >$said ;; esac
  echo "its engine $2 by: $1 ($(head -n 2 $said | tr '\n' ' ' | sed 's/[. ]*$//'))" >&2
  exit $3
}
engine_stop() { engine_do "$stop" "could not be stopped" 71; }
engine_start() { engine_do "$start" "did not start again" 70; rm -f $said; }
trap 'exit 1' HUP INT TERM PIPE
"""
)

STOP_FAILED, START_FAILED = 71, 70
COMMANDS: Final = "`engine` in swarmbot.yml says how its engine is stopped and started."
START_SCRIPT: Final = "stop= start=$1" + LOCKED + "engine_start"


def start(client: EngineClient, service: Service) -> None:
    """Start the engine, after whoever stopped it is done; nothing if it runs. Raises HostUnreachable, EngineError."""
    connection = client.dialer.connection
    done = exchange_as_root(connection, START_SCRIPT, service.start, timeout=AROUND)
    if done.status:
        step = f"Look at `journalctl -u docker` on it. {COMMANDS}"
        raise failures.impossible(connection.target, last_line(done.err), step)


def root_folder(client: EngineClient, service: Service) -> str:
    """The engine's data folder (``DockerRootDir``). One that is stopped is started: it cannot be asked otherwise."""
    try:
        return client.data_folder()
    except (HostUnreachable, EngineError):
        start(client, service)
        return client.data_folder()
