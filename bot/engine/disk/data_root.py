"""The data root of an engine that does not run, according to its service and its configuration, without guessing.

A folder that looks like the data root may be an old one that was left behind when the data was moved. So if neither
swarmbot.yml, the systemd unit nor daemon.json names it, it is unknown.
"""

from __future__ import annotations

import json
import re
from typing import Final

from bot.config import Service
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import read_as_root

READ_TIMEOUT_S: Final = 10.0
DEFAULT_DATA_ROOT: Final = "/var/lib/docker"
"""dockerd's own default."""
DIVIDER: Final = "\n---\n"

# `systemctl show` prints the unit with its drop-ins merged; it succeeds for a unit that does not exist.
SCRIPT: Final = r"""
unit=$(systemctl show -p ExecStart -p Environment -p EnvironmentFiles docker.service 2>/dev/null)
printf '%s\n' "$unit"
for file in $(printf '%s\n' "$unit" | sed -n 's/^EnvironmentFiles*=\([^ ]*\).*/\1/p'); do
  grep -hv '^[[:space:]]*#' "$file" 2>/dev/null
done
file=$(printf '%s\n' "$unit" | sed -n 's/.*--config-file[= ]\([^ ";]*\).*/\1/p')
printf '\n---\n'
cat "${file:-/etc/docker/daemon.json}" 2>/dev/null || true
"""

_FLAG: Final = re.compile(r"(?:--data-root|--graph|(?<=\s)-g)[= ]\"?([^\s\";]+)")


def data_root(connection: SshConnection, service: Service) -> str:
    """Return the data root. Raises HostUnreachable; EngineError if it is unknown, or the user cannot become root."""
    if service.data_root is not None:
        return service.data_root
    done = read_as_root(connection, SCRIPT, timeout=READ_TIMEOUT_S)
    unit, _, settings = done.out.decode(errors="replace").partition(DIVIDER)
    root = parse(unit, settings)
    if root is None:
        raise failures.host_error(
            connection.target,
            "does not say where the data root of its engine is",
            "Set `data_root` under the host's `engine` in swarmbot.yml.",
        )
    return root


def parse(unit: str, settings: str) -> str | None:
    """Parse the script's output. Return None if it names two folders, or none and no unit that runs dockerd."""
    named = set(_FLAG.findall(unit))
    try:
        found = json.loads(settings) if settings.strip() else {}
        named |= {str(found[key]) for key in ("data-root", "graph") if found.get(key)}
    except (ValueError, AttributeError):  # not JSON, or not a JSON object
        return None
    if not named and "dockerd" in unit:
        return DEFAULT_DATA_ROOT
    return named.pop() if len(named) == 1 else None
