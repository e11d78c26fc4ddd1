"""Root file systems of other Debian releases, for hosts with another generation of Docker's engine.

The releases and their engines were measured: bookworm 20.10.24, trixie 26.1.5, sid the newest that Debian has.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

from sandbox.fleet.shell import sh

Release = Literal["trixie", "sid"]
"""A Debian release other than the machine's own."""

CACHE: Final = Path("/var/cache/swarmbot/roots")
_PACKAGES: Final = (
    *("docker.io", "docker-cli", "openssh-server", "iptables", "iproute2"),
    *("tini", "busybox-static", "procps", "sudo", "util-linux"),
)
_INSTALL_TIMEOUT_S: Final = 900.0


def root_of(release: Release | None) -> Path | None:
    """Return the folder of the root of ``release``; None for the machine's own root."""
    return CACHE / release if release else None


def install(release: Release) -> None:
    """Install the root of ``release`` if it does not exist yet: a minute, 500 MB. Raise Failed if debootstrap fails."""
    root = CACHE / release
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            bootstrap(release, root, _PACKAGES)


def bootstrap(release: Release, root: Path, packages: Iterable[str]) -> None:
    """Install ``release`` with ``packages`` into a folder beside ``root``, so that a root that exists is complete.

    Raise Failed if debootstrap fails.
    """
    unfinished = root.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    included = f"--include={','.join(packages)}"
    sh("debootstrap", "--variant=minbase", included, release, str(unfinished), timeout=_INSTALL_TIMEOUT_S)
    shutil.rmtree(unfinished / "var/cache/apt", ignore_errors=True)
    unfinished.rename(root)
