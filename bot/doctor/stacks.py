"""What deploys need on the worker: Docker's command line, the key of the digests, and the compose files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.blocks import tick
from bot.config.stacks import Stack
from bot.doctor.finding import DoctorFinding, ok, problem
from bot.doctor.resources import Resources
from bot.errors import SwarmbotError
from bot.stack_recording.confined_cli import find_cli, without_rights
from bot.stack_recording.registry import missing_helpers
from bot.stack_recording.source import FolderSource
from bot.text.suggest import number_of


def deploys(resources: Resources) -> Iterator[DoctorFinding]:
    """Return what keeps stacks from being deployed; nothing if swarmbot.yml has no stacks."""
    config = resources.config
    stacks = {
        (name, stack_name): stack
        for name, cluster in config.clusters.items()
        for stack_name, stack in cluster.stacks.items()
    }
    if not stacks:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield problem(
            "SWARMBOT_SECRET_KEY is not set: `/swarm deploy` refuses every order.",
            "Create one with `openssl rand -base64 32` and set the same one for each `worker`; keep a copy.",
        )
    if any(stack.git for stack in stacks.values()) and shutil.which("git") is None:
        yield problem("Stacks come from git, and there is no `git` here.", "Install it: `apt-get install git`.")
    for (cluster, name), stack in stacks.items():
        yield from _unreadable(f"clusters.{cluster}.stacks.{name}", stack)
    for program in missing_helpers():
        yield problem(
            f"{tick(program)}, a credential helper in `config.json`, is not on PATH. Deploys from its registry fail.",
            "Install it for the user of `worker`, or take it out of `config.json`.",
        )
    cli = find_cli(config.deploy.docker)
    without_rights()  # raises if it cannot be confined
    yield ok(
        f"{number_of(len(stacks), 'stack')} can be deployed, with Docker's command line {cli.version} ({cli.path})."
    )


def _unreadable(place: str, stack: Stack) -> Iterator[DoctorFinding]:
    """Yield why the compose file of a path cannot be read. What comes from git is fetched at a deploy."""
    if stack.git:
        return
    source = FolderSource(Path(stack.file))
    try:
        source.read(source.compose)
    except SwarmbotError as error:
        yield problem(f"{place}: {error.happened}", "Correct the path, or let the user of `worker` read the file.")
