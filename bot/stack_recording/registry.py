"""Credentials of registries, from Docker's configuration of the worker's user (``docker login``)."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from bot.blocks import echo, tick
from bot.errors import Failed
from bot.secrets.secret import Secret
from bot.text.image_names import registry_host

DOCKER_HUB: Final = "https://index.docker.io/v1/"
HELPER_TIMEOUT_S: Final = 20.0
"""A helper may ask a cloud provider for a token."""
OF_THE_BOT: Final = ("SLACK_", "SWARMBOT_", "REDIS_")
"""The beginnings of the names of variables that a helper does not get."""
_TOKEN_USER: Final = "<token>"  # noqa: S105 - what a helper answers in place of a user name for an identity token
_NOT_FOUND: Final = "credentials not found in native keychain"
_HELPER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def registry_of(image: str) -> str:
    """Return the key of an image's registry in Docker's configuration: its host, or Docker Hub's URL."""
    host = registry_host(image)
    return DOCKER_HUB if host in {"", "docker.io"} else host


def registry_auth(image: str) -> Secret | None:
    """Return the value of ``X-Registry-Auth`` for an image; None if the worker did not log in to its registry.

    As Docker's command line: a credential helper for the registry is asked, else the one for all (``credsStore``), else
    ``auths`` has them. Raise Failed if a helper fails.
    """
    registry = registry_of(image)
    configuration = _configuration()
    helpers = configuration.get("credHelpers")
    helper = helpers.get(registry) if isinstance(helpers, dict) else None
    helper = helper or configuration.get("credsStore")
    given = _from_helper(str(helper), registry) if helper else _from_auths(configuration.get("auths"), registry)
    if given is None:
        return None
    found = {"serveraddress": registry, **given}
    return Secret(base64.urlsafe_b64encode(json.dumps(found).encode()).decode())


def missing_helpers() -> tuple[str, ...]:
    """Return the programs that Docker's configuration names as credential helpers and that are not on PATH."""
    configuration = _configuration()
    helpers = configuration.get("credHelpers")
    named = [*(helpers.values() if isinstance(helpers, dict) else ()), configuration.get("credsStore")]
    programs = dict.fromkeys(f"docker-credential-{name}" for name in named if name)
    return tuple(program for program in programs if shutil.which(program) is None)


def _from_auths(auths: object, registry: str) -> dict[str, str] | None:
    if not isinstance(auths, dict):
        return None
    found = auths.get(registry)
    found = auths.get(f"https://{registry}") if found is None else found
    if not isinstance(found, dict):
        return None
    if token := found.get("identitytoken"):
        return {"identitytoken": str(token)}
    if auth := found.get("auth"):
        user, _, word = base64.b64decode(str(auth)).decode().partition(":")
        return {"username": user, "password": word.rstrip("\0")}
    return None


def _from_helper(name: str, registry: str) -> dict[str, str] | None:
    """Ask a helper by Docker's protocol. What it writes is never shown: it may hold the credentials."""
    program = shutil.which(f"docker-credential-{name}") if _HELPER_NAME.fullmatch(name) else None
    shown = tick(f"docker-credential-{name}") if program else echo(f"docker-credential-{name}")
    if program is None:
        raise _failed(f"the worker has no {shown}, which its Docker configuration names for {tick(registry)}.")
    try:
        done = subprocess.run(
            [program, "get"],
            input=registry.encode(),
            capture_output=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(OF_THE_BOT)},
            timeout=HELPER_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"{shown} did not respond within {HELPER_TIMEOUT_S:.0f} s.") from None
    except OSError as error:
        raise _failed(f"{shown} cannot be run: {error.strerror}.") from None
    if done.returncode:
        if _NOT_FOUND in done.stdout.decode(errors="replace"):
            return None
        raise _failed(f"{shown} gave no credentials for {tick(registry)}: it ended with exit code {done.returncode}.")
    return _answered(done.stdout, shown)


def _answered(answer: bytes, shown: str) -> dict[str, str]:
    try:
        found = json.loads(answer)
        user, secret = str(found["Username"]), str(found["Secret"])
    except (ValueError, KeyError, TypeError):
        raise _failed(f"{shown} did not answer as Docker's credential helpers do.") from None
    return {"identitytoken": secret} if user == _TOKEN_USER else {"username": user, "password": secret}


def _failed(happened: str) -> Failed:
    next_step = "Check `credHelpers` and `credsStore` in the `config.json` of the worker's user."
    return Failed(happened, next_step=next_step)


def _configuration() -> dict[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        found = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
