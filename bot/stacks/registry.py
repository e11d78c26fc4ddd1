"""Credentials of registries, from Docker's configuration of the worker's user (``docker login``)."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any, Final

from bot.secrets.secret import Secret

DOCKER_HUB: Final = "https://index.docker.io/v1/"


def registry_of(image: str) -> str:
    """Return the key of an image's registry in Docker's configuration: its host, or Docker Hub's URL."""
    first, slash, _ = image.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named and first != "docker.io" else DOCKER_HUB


def registry_auth(image: str) -> Secret | None:
    """Return the value of ``X-Registry-Auth`` for an image; None if the worker did not log in to its registry.

    Credential helpers are not asked: only what ``auths`` has is known.
    """
    registry = registry_of(image)
    found = _auths().get(registry)
    found = _auths().get(f"https://{registry}") if found is None else found
    if not isinstance(found, dict):
        return None
    given: dict[str, str] = {"serveraddress": registry}
    if token := found.get("identitytoken"):
        given["identitytoken"] = str(token)
    elif auth := found.get("auth"):
        user, _, word = base64.b64decode(str(auth)).decode().partition(":")
        given |= {"username": user, "password": word.rstrip("\0")}
    else:
        return None
    return Secret(base64.urlsafe_b64encode(json.dumps(given).encode()).decode())


def _auths() -> dict[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        found = json.loads((folder / "config.json").read_text()).get("auths")
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
