"""The machine on which a benchmark runs, and the versions of what runs on it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path

from bench.result import Machine

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 10


def machine() -> Machine:
    """Return this machine."""
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    commit = _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = "+" if _said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no") else ""
    versions = {
        "Swarmbot": commit + changed,
        "Python": platform.python_version(),
        "Docker engine": _version("dockerd", "--version"),
        "Redis": _version("redis-server", "--version"),
        "OpenSSH": _said("ssh", "-V").partition(",")[0].removeprefix("OpenSSH_").split(" ")[0],
        "Linux": platform.release(),
    }
    known = tuple((name, version) for name, version in versions.items() if version)
    return Machine(found[1] if found else platform.machine(), os.cpu_count() or 1, round(pages / 2**30, 1), known)


def _version(*command: str) -> str:
    found = re.search(r"\d+\.\d+\.\d+", _said(*command))
    return found[0] if found else ""


def _said(*command: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
        return (done.stdout or done.stderr).strip()
    return ""
