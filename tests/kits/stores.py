"""Redis servers of other generations, from another Debian release, for tests with ``pytest --store NAME``.

``python -m tests.kits.stores FILE`` runs the tests of all that is stored with each of them, prints a line for each, and
writes the lines as JSON.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sandbox.fleet.releases import CACHE, Release, bootstrap
from tests.kits.pytest_runs import run_pytest

PACKAGES: Final[Mapping[str, tuple[Release, str]]] = MappingProxyType(
    {
        "redis-8": ("trixie", "redis-server"),
        "valkey-8": ("trixie", "valkey-server"),
        "valkey-sid": ("sid", "valkey-server"),
    }
)
"""The release and the package of each server. The package and its program have one name."""
OWN: Final = "machine"
"""The machine's own server."""
PROGRAM: Final = "redis-server"
"""What tests, deployments and benchmarks start."""
VERSION: Final = re.compile(r"^(\w+) server v=(\S+)")
FOLDERS: Final = (
    *("approvals", "audit", "execution", "freeze", "gate", "one_time_tokens", "outbox"),
    *("queue", "store", "totp", "watch", "webhooks"),
)
TESTS: Final = (
    *(f"tests/unit/{name}" for name in FOLDERS),
    *("tests/chaos/test_queue.py", "tests/chaos/test_random_run.py"),
)
"""Everything that is kept in Redis; the random run also kills it."""
LAUNCHER: Final = """#!/bin/sh
exec {root}/lib64/ld-linux-x86-64.so.2 --argv0 {package} --library-path {root}/usr/lib/x86_64-linux-gnu \
{root}/usr/bin/{package} "$@"
"""
"""Starts a program of another release with the libraries of that release: its files and sockets are the machine's."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the tests said with one server."""

    store: str
    version: str
    counts: str
    passed: bool

    def __str__(self) -> str:
        """One line."""
        return f"{'✓' if self.passed else '✗'} {self.version}: {self.counts}"


def use(store: str) -> None:
    """Make ``store`` the ``redis-server`` of this process and its children, and install it if it is missing.

    Raise Failed if debootstrap fails.
    """
    release, package = PACKAGES[store]
    root, programs = CACHE / f"store-{release}", CACHE / f"bin-{store}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"store-{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            bootstrap(release, root, sorted({name for of, name in PACKAGES.values() if of == release}))
        programs.mkdir(exist_ok=True)
        (programs / PROGRAM).write_text(LAUNCHER.format(root=root, package=package))
        (programs / PROGRAM).chmod(0o755)
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"


def version() -> str:
    """Return the name and the version of the ``redis-server`` of this process."""
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    found = VERSION.match(told)
    return f"{found[1]} {found[2]}" if found else told.strip()


def run_tests(store: str) -> Result:
    """Run the tests with one server."""
    chosen = [] if store == OWN else ["--store", store]
    ran = run_pytest("-n", os.environ.get("WORKERS", "4"), *chosen, *TESTS)
    return Result(store, ran.told("store") or store, ran.counts, ran.passed)


def main(file: str) -> int:
    """Run the tests with every server. The status is 1 if a test failed with any."""
    results = []
    for store in (OWN, *PACKAGES):
        results.append(run_tests(store))
        sys.stdout.write(f"{results[-1]}\n")
        sys.stdout.flush()
    told = {"date": f"{datetime.now(tz=UTC):%Y-%m-%d}", "stores": [asdict(each) for each in results]}
    Path(file).write_text(json.dumps(told, indent=1) + "\n")
    return 0 if all(each.passed for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
