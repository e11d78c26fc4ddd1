"""Stop and start an engine as a service of its host, for scripts that need it stopped."""

from __future__ import annotations

from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.shell import last_line, run_as_root
from bot.errors import EngineError, HostUnreachable

COMMAND_TIMEOUT_S: Final = 150.0
"""How long a stop, a start, or the wait for the lock may take: systemd kills an engine that does not stop in 90 s."""
SCRIPT_TIMEOUT_S: Final = 3 * COMMAND_TIMEOUT_S + 60.0
"""How long a script that waits, stops an engine and starts it may take, without its own work. It is more than the
timeouts inside the script, so that no script is reported as failed while it still runs."""

# A script holds this lock until the engine runs again, so that no two stop it at the same time; the lock of a dead
# script is free. The commands must not inherit the lock (9>&-) or a pipe, so their output goes to a file.
CONTROL_SCRIPT: Final = (
    f"\ntimeout_s={COMMAND_TIMEOUT_S:.0f}"
    r"""
exec 9>>/run/swarmbot.lock
flock -w $timeout_s 9 || { echo "another backup or restore is running on it" >&2; exit 75; }
said=/run/swarmbot.said
engine_do() {
  timeout -k 10 $timeout_s sh -c "$1" </dev/null >$said 2>&1 9>&- && return
  case $? in 124 | 137) echo "it did not finish within $timeout_s s" >$said ;; esac
  echo "its engine $2 by: $1 ($(head -n 2 $said | tr '\n' ' ' | sed 's/[. ]*$//'))" >&2
  exit $3
}
engine_stop() { engine_do "$stop" "could not be stopped" 71; }
engine_start() { engine_do "$start" "did not start again" 70; rm -f $said; }
trap 'exit 1' HUP INT TERM PIPE
"""
)

STOP_FAILED_STATUS, START_FAILED_STATUS = 71, 70
COMMANDS_HINT: Final = "`engine` in swarmbot.yml sets the commands that stop and start its engine."
START_SCRIPT: Final = "stop= start=$1" + CONTROL_SCRIPT + "engine_start"
RESTART_SCRIPT: Final = "stop=$1 start=$2" + CONTROL_SCRIPT + "engine_stop\nengine_start"


def start(client: EngineClient, service: Service) -> None:
    """Start the engine if it is stopped, once no script needs it stopped. Raises HostUnreachable, EngineError."""
    connection = client.dialer.connection
    done = run_as_root(connection, START_SCRIPT, service.start, timeout=SCRIPT_TIMEOUT_S)
    if done.status:
        step = f"Check `journalctl -u docker` on it. {COMMANDS_HINT}"
        raise failures.host_error(connection.target, last_line(done.err), step)


def restart(client: EngineClient, service: Service) -> None:
    """Stop the engine and start it again, once no script needs it stopped. Raises HostUnreachable, EngineError."""
    connection = client.dialer.connection
    done = run_as_root(connection, RESTART_SCRIPT, service.stop, service.start, timeout=SCRIPT_TIMEOUT_S)
    if done.status:
        step = f"Check `journalctl -u docker` on it. {COMMANDS_HINT}"
        raise failures.host_error(connection.target, last_line(done.err), step)


def running_data_root(client: EngineClient, service: Service) -> str:
    """Return the engine's data root (``DockerRootDir``); start the engine first if it is stopped."""
    try:
        return client.data_root()
    except (HostUnreachable, EngineError):
        start(client, service)
        return client.data_root()
