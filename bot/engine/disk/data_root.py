"""Where an engine that does not run has its data: as its service and its configuration say, and never by guessing.

A folder that only looks like it may be an old one, left behind when the data was moved: what is done to it is done to
nothing. So where neither swarmbot.yml, systemd's unit nor daemon.json tell, it is not known.
"""

from __future__ import annotations

import json
import re
from typing import Final

from bot.config import Service
from bot.engine.ssh import failures
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import run_as_root

READ_TIMEOUT_S: Final = 10.0
DEFAULT_DATA_ROOT: Final = "/var/lib/docker"
"""Where dockerd has its data unless it is told another folder."""
DIVIDER: Final = "\n---\n"

# `systemctl show` prints what a unit's files and their drop-ins come to; it ends well for a unit that is not there.
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
    """Return it. Raises HostUnreachable; EngineError when it is not known, or root is needed and not to be had."""
    if service.data_root is not None:
        return service.data_root
    done = run_as_root(connection, SCRIPT, timeout=READ_TIMEOUT_S)
    unit, _, settings = done.out.decode(errors="replace").partition(DIVIDER)
    root = parse(unit, settings)
    if root is None:
        raise failures.host_error(
            connection.target,
            "does not tell where its engine has its data",
            "Say it in swarmbot.yml: `data_root` under the host's `engine`.",
        )
    return root


def parse(unit: str, settings: str) -> str | None:
    """Read what the script printed; None when two places are named, or none and there is no unit that runs dockerd."""
    named = set(_FLAG.findall(unit))
    try:
        found = json.loads(settings) if settings.strip() else {}
        named |= {str(found[key]) for key in ("data-root", "graph") if found.get(key)}
    except (ValueError, AttributeError):  # no JSON, or JSON that is no object
        return None
    if not named and "dockerd" in unit:
        return DEFAULT_DATA_ROOT
    return named.pop() if len(named) == 1 else None
