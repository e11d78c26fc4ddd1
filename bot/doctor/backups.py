"""What `/swarm backup` needs on the worker's machine: a folder that can be written, and the key."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bot.doctor.finding import Finding, well, wrong
from bot.doctor.resources import Resources


def backups(resources: Resources) -> Iterator[Finding]:
    """Look at ``backups.folder``, where swarmbot.yml names one."""
    folder = resources.config.backups.folder
    if folder is None:
        return
    if resources.settings.swarmbot_secret_key is None:
        yield wrong(
            f"SWARMBOT_SECRET_KEY is not set: nothing can be encrypted for {folder}, so there are no backups.",
            "Make one with `openssl rand -base64 32` and set it for `worker`; keep a copy elsewhere.",
        )
        return
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    # With a slash at its end only a folder is found; neither look raises where a folder above cannot be searched.
    if not os.access(f"{there}/", os.R_OK | os.W_OK | os.X_OK):
        yield wrong(
            f"Backups cannot be kept in {folder}: {there} is no folder that this user may read and write in.",
            "Make the folder for the user of `worker`, mode 0700.",
        )
        return
    yield well(f"Backups are kept in {folder}.")
