"""Credentials of registries, from Docker's configuration."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from bot.errors import Failed
from bot.stack_recording import registry
from bot.stack_recording.registry import DOCKER_HUB, missing_helpers, registry_auth, registry_of

OF_THE_HELPER = "hunter2-of-the-helper"


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
    """As Docker distinguishes a host from a folder of Docker Hub."""
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


HELPER = """#!/bin/sh
server=$(cat)
env >> {folder}/asked
case "$1 $server" in
"get registry.example.com") printf '{{"ServerURL":"%s","Username":"ada","Secret":"{secret}"}}' "$server";;
"get {hub}") echo '{{"Username":"<token>","Secret":"{secret}"}}';;
"get broken.example.com") echo '{secret}' ;;
"get slow.example.com") exec sleep 60;;
"get failing.example.com") echo '{secret}'; echo '{secret}' >&2; exit 3;;
*) echo "credentials not found in native keychain"; exit 1;;
esac
"""


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential helper on PATH, and Docker's configuration that names it; return the folder."""
    program = tmp_path / "docker-credential-fake"
    program.write_text(HELPER.format(folder=tmp_path, secret=OF_THE_HELPER, hub=DOCKER_HUB))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-the-bot")
    auths = {"third.example.com": {"auth": base64.b64encode(b"ada:of-the-file").decode()}}
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "fake", "auths": auths}))
    return tmp_path


def test_missing_helpers_are_found(helper: Path) -> None:
    """For doctor: a deploy that needs one would fail."""
    assert missing_helpers() == ()
    named = {"credsStore": "absent", "credHelpers": {"a.example.com": "fake", "b.example.com": "gone"}}
    (helper / "config.json").write_text(json.dumps(named))
    assert missing_helpers() == ("docker-credential-gone", "docker-credential-absent")


def test_a_credential_helper_is_asked(helper: Path) -> None:
    """By Docker's protocol, without the bot's tokens; one for a registry goes before the one for all."""
    ada = {"serveraddress": "registry.example.com", "username": "ada", "password": OF_THE_HELPER}
    assert _decoded("registry.example.com/team/app:1") == ada
    assert _decoded("nginx") == {"serveraddress": DOCKER_HUB, "identitytoken": OF_THE_HELPER}
    assert registry_auth("third.example.com/app") is None
    asked = (helper / "asked").read_text()
    assert "PATH=" in asked
    assert "xoxb-of-the-bot" not in asked
    (helper / "config.json").write_text(
        json.dumps({"credsStore": "absent", "credHelpers": {"registry.example.com": "fake"}})
    )
    assert _decoded("registry.example.com/team/app:1") == ada


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("broken", "did not answer as Docker's credential helpers do"),
        ("slow", "did not respond within 0 s"),
        ("failing", "gave no credentials for `failing.example.com`: it ended with exit code 3"),
    ],
)
def test_a_helper_that_fails_is_told_without_its_output(
    helper: Path, monkeypatch: pytest.MonkeyPatch, host: str, told: str
) -> None:
    """It may hold the credentials."""
    del helper
    if host == "slow":
        monkeypatch.setattr(registry, "HELPER_TIMEOUT_S", 0.2)
    with pytest.raises(Failed, match=told) as failed:
        registry_auth(f"{host}.example.com/app")
    assert OF_THE_HELPER not in repr(failed.value.__dict__) + str(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("name", ["absent", "../fake", "fake; id", ""])
def test_a_helper_that_does_not_exist(helper: Path, name: str) -> None:
    """A name is no path. Without a name there is no helper."""
    (helper / "config.json").write_text(json.dumps({"credHelpers": {"registry.example.com": name}}))
    if not name:
        assert registry_auth("registry.example.com/app") is None
        return
    with pytest.raises(Failed, match="the worker has no"):
        registry_auth("registry.example.com/app")


def _decoded(image: str) -> dict[str, str]:
    found = registry_auth(image)
    assert found is not None
    decoded: dict[str, str] = json.loads(base64.urlsafe_b64decode(found.reveal()))
    return decoded
