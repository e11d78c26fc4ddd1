"""Runs Docker's CLI confined: an empty environment, no rights, and in its folder only copies of permitted files.

``docker stack deploy`` reads the files that a compose file names and puts its own environment into it: with the
worker's rights and environment, a compose file could steal its keys and tokens (docs/decisions/0033).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from bot.errors import Failed
from bot.model import ResolveImages

CLI_TIMEOUT_S: Final = 60.0
VERSION_TIMEOUT_S: Final = 10.0
SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it is private
PREFIX: Final = "swarmbot-stack-"
LEFT_AFTER_S: Final = 600.0
"""No run of the CLI takes this long: an older folder is left by a worker that was killed."""
NOBODY: Final = 65534
"""User and group id that own nothing, by Linux's convention."""
DETACH_SINCE: Final = 28
"""Since this version the CLI waits for tasks by itself, unless told not to: against a recorder that takes 13 s."""
UNCHANGED: Final = "Nothing was changed."
INSTALL: Final = (
    "Install Docker's command line for the worker: `apt-get install docker.io` on Debian 12. "
    "It needs no engine there. `deploy: docker:` in swarmbot.yml names another one."
)


@dataclass(frozen=True, slots=True)
class DockerCli:
    """Docker's command line on the worker."""

    path: Path
    version: str
    """As it says itself: ``28.2.2``."""

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(self.version.partition(".")[0])


@dataclass(frozen=True, slots=True)
class CliResult:
    """How a run of the CLI ended."""

    code: int
    lines: tuple[str, ...]
    """What it wrote to stderr."""


def find_cli(configured: Path | None) -> DockerCli:
    """Return the CLI. Raise Failed if there is none."""
    found = str(configured) if configured else shutil.which("docker")
    if found is None:
        raise Failed("The worker has no `docker` command line.", true_now=UNCHANGED, next_step=INSTALL)
    try:
        changed = Path(found).stat().st_mtime_ns
    except OSError as error:
        raise Failed(f"`{found}` cannot be run: {error.strerror}.", true_now=UNCHANGED, next_step=INSTALL) from None
    return _examined(Path(found), changed)


@contextmanager
def private_folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Make a folder with copies of ``files`` that only the CLI's user may read, and remove it afterwards.

    It is in memory where that is possible: a worker that is killed leaves it, until the next one removes it.
    """
    base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    for left in base.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another worker removes it, too
            if time.time() - left.stat().st_mtime > LEFT_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deploy_command(cli: DockerCli, stack: str, compose: str, *, prune: bool, resolve: ResolveImages) -> list[str]:
    """Return ``docker stack deploy`` with its options."""
    command = [str(cli.path), "stack", "deploy", "--compose-file", compose]
    command += ["--detach=true"] if cli.major >= DETACH_SINCE else []
    command += ["--prune"] if prune else []
    return [*command, "--resolve-image", resolve, stack]


def run_confined(
    command: Sequence[str], folder: Path, socket: Path, variables: Mapping[str, str], started: Callable[[int], None]
) -> CliResult:
    """Run the CLI in ``folder`` against the engine at ``socket``. ``started`` gets its process id.

    Raise Failed if it does not end in time.
    """
    environment = {
        **variables,
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "DOCKER_CONFIG": str(folder / ".docker"),
        "DOCKER_HOST": f"unix://{socket}",
    }
    with subprocess.Popen(
        [*without_rights(), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        started(process.pid)
        try:
            _, output = process.communicate(timeout=CLI_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(
                f"Docker's command line did not end within {CLI_TIMEOUT_S:.0f} s.", true_now=UNCHANGED
            ) from None
    return CliResult(process.returncode, tuple(output.decode(errors="replace").split("\n")[:200]))


def without_rights() -> list[str]:
    """Return the command that takes root's rights away. A worker that is not root has none to take away."""
    if os.geteuid() != 0:
        return []
    program = shutil.which("setpriv")
    if program is None:
        raise Failed(
            "The worker runs as root and has no `setpriv`, which takes root's rights from Docker's command line.",
            true_now=UNCHANGED,
            next_step="Install util-linux, or run the worker as another user.",
        )
    ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [program, *ids, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--pdeathsig=KILL"]


@lru_cache(maxsize=8)
def _examined(path: Path, changed: int) -> DockerCli:
    """Return the CLI with its version. ``changed`` is when the file was written: another file is asked again."""
    del changed
    try:
        run = subprocess.run(
            [path, "--version"], env={}, capture_output=True, timeout=VERSION_TIMEOUT_S, check=False
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        run = ""
    match = re.search(r"version v?([0-9]+\.[0-9.]+)", run)
    if match is None:
        raise Failed(f"`{path}` is not Docker's command line.", true_now=UNCHANGED, next_step=INSTALL)
    return DockerCli(path, match[1])
