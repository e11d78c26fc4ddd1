"""Debian's docker.service and docker.socket under a real systemd, on a host of the fleet.

It runs ``systemd --user``, because the system's systemd must be process 1. ``systemctl`` finds its socket at the path
of the system's, so ``systemctl stop docker.socket docker.service`` works unchanged. The units are those of the package,
with a drop-in that starts dockerd as the fleet does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until

PROGRAM: Final = Path("/lib/systemd/systemd")
UNITS: Final = Path("/lib/systemd/system")
START: Final = "/run/fleet/start-by-systemd"
SETUP: Final = f"""
mkdir -p /run/systemd/system /run/user0/systemd/user/docker.service.d
cp {UNITS}/docker.service {UNITS}/docker.socket /run/user0/systemd/user
printf '[Service]\\nExecStart=\\nExecStart={START}\\n' >/run/user0/systemd/user/docker.service.d/fleet.conf
sed 's#unix:///run/docker.sock#fd://#' /run/fleet/start-dockerd >{START}
chmod +x {START}
ln -sfn /run/user0/systemd/private /run/systemd/private
export XDG_RUNTIME_DIR=/run/user0
setsid -f sh -c 'echo $$ >/run/systemd.pid; exec {PROGRAM} --user' >/run/systemd.log 2>&1
"""


@contextmanager
def docker_by_systemd(host: Host) -> Iterator[None]:
    """Let systemd run the engine of ``host``; restore the fleet's way at the end."""
    host.stop_docker()
    host.run("sh", "-c", SETUP)
    private = Path(f"/proc/{host.pid}/root/run/user0/systemd/private")
    until(private.exists, f"systemd of {host.name} listens")
    try:
        host.run("systemctl", "start", "docker.service")
        host.await_docker()
        yield
    finally:
        host.run("systemctl", "stop", "docker.socket", "docker.service")
        host.run("sh", "-c", "kill $(cat /run/systemd.pid); rm -rf /run/systemd /run/user0 /run/home/.config")
        host.start_docker()
