"""Credentials of registries, from Docker's configuration."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from bot.stacks.registry import DOCKER_HUB, registry_auth, registry_of


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", DOCKER_HUB),
        ("team/app:1", DOCKER_HUB),
        ("docker.io/library/nginx@sha256:ab", DOCKER_HUB),
        ("registry.example.com/team/app:1", "registry.example.com"),
        ("localhost/app", "localhost"),
        ("registry:5000/app", "registry:5000"),
    ],
)
def test_the_registry_of_an_image(image: str, registry: str) -> None:
    """As Docker tells a host from a folder of Docker Hub."""
    assert registry_of(image) == registry


def test_credentials_are_read_from_dockers_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By host or URL; a token in place of a password; nothing for another registry, or without a login."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert registry_auth("registry.example.com/app") is None
    auths = {
        "https://registry.example.com": {"auth": base64.b64encode(b"ada:pw:1").decode()},
        "other:5000": {"identitytoken": "t"},
        DOCKER_HUB: {},
    }
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    assert _decoded("registry.example.com/app") == {
        "serveraddress": "registry.example.com",
        "username": "ada",
        "password": "pw:1",
    }
    assert _decoded("other:5000/app")["identitytoken"] == "t"
    assert registry_auth("nginx") is registry_auth("third.example.com/app") is None


def _decoded(image: str) -> dict[str, str]:
    found = registry_auth(image)
    assert found is not None
    decoded: dict[str, str] = json.loads(base64.urlsafe_b64decode(found.reveal()))
    return decoded
