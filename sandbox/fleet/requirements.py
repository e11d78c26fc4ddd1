"""The requirements of a machine to run hosts."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable

from sandbox.fleet.releases import Release
from sandbox.fleet.shell import PATH

_PROGRAMS = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "iptables-restore": "iptables",
    "busybox": "busybox-static",
    "tini": "tini",
    "nsenter": "util-linux",
}


def missing(releases: Iterable[Release | None] = ()) -> list[str]:
    """Return the reasons why this machine cannot run hosts, of these Debian releases too; empty if it can."""
    if sys.platform != "linux":
        return [f"hosts need Linux, this is {sys.platform}"]
    reasons = [] if os.geteuid() == 0 else ["hosts need root"]
    programs = _PROGRAMS | ({"debootstrap": "debootstrap"} if any(releases) else {})
    packages = sorted({package for program, package in programs.items() if not shutil.which(program, path=PATH)})
    return reasons + [f"Debian package {package} is not installed" for package in packages]
