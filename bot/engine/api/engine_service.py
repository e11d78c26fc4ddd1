"""An engine as a service of its host: stopping it and starting it again, around what needs it stopped."""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.shell import last_line, run_as_root
from bot.errors import EngineError, HostUnreachable

COMMAND_TIMEOUT_S: Final = 150.0
"""Seconds that stopping, or starting, or waiting for one's turn may take: systemd kills an engine that does not end
within 90."""
SCRIPT_TIMEOUT_S: Final = 3 * COMMAND_TIMEOUT_S + 60.0
"""Seconds in which a script has ended that waits, stops an engine and starts it, what it does meanwhile left out: more
than the bounds in it, so that nobody is told of a script that goes on."""

# Whoever stops an engine holds this lock until it runs again, so that two never do at once; a dead one's lock is free.
# What is started must not inherit it (9>&-), nor a pipe: so what the commands say goes to a file.
CONTROL_SCRIPT: Final = (
    f"\nlongest={COMMAND_TIMEOUT_S:.0f}"
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

STOP_FAILED_STATUS, START_FAILED_STATUS = 71, 70
COMMANDS_HINT: Final = "`engine` in swarmbot.yml says how its engine is stopped and started."
START_SCRIPT: Final = "stop= start=$1" + CONTROL_SCRIPT + "engine_start"


def start(client: EngineClient, service: Service) -> None:
    """Start the engine, after whoever stopped it is done; nothing if it runs. Raises HostUnreachable, EngineError."""
    connection = client.dialer.connection
    done = run_as_root(connection, START_SCRIPT, service.start, timeout=SCRIPT_TIMEOUT_S)
    if done.status:
        step = f"Look at `journalctl -u docker` on it. {COMMANDS_HINT}"
        raise failures.host_error(connection.target, last_line(done.err), step)


def running_data_root(client: EngineClient, service: Service) -> str:
    """The engine's data folder (``DockerRootDir``). One that is stopped is started: it cannot be asked otherwise."""
    try:
        return client.data_root()
    except (HostUnreachable, EngineError):
        start(client, service)
        return client.data_root()
