"""Deploys from a private registry, whose password a credential helper of the worker knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kits.registry import PASSWORD, REPOSITORY, Registry
from tests.kits.scenario import Scenario
from tests.kits.secret_search import assert_nowhere
from tests.kits.service_scenario import inspect
from tests.kits.stacks import StackFolder, names


def compose(image: str) -> dict[str, Any]:
    """Return a stack of one service, a task on each node."""
    web = {"image": image, "deploy": {"mode": "global", "update_config": {"monitor": "1s"}}}
    return {"version": "3.8", "services": {"web": web}}


@pytest.mark.long
@pytest.mark.usefixtures("cluster")
def test_an_image_is_pinned_to_its_digest(bot: Scenario, app: StackFolder, registry: Registry) -> None:
    """The nodes pull what was approved. A tag that means another image is a change; a revision has the first one."""
    first = registry.push("1")
    app.write(compose(f"{registry.image}:1"))
    card = bot.change("ada", "deploy app")
    assert card.text.startswith("✓"), card.text
    assert "2 tasks running" in card.text
    assert image(bot) == f"{registry.image}:1@{first}"
    assert ("GET", f"/v2/{REPOSITORY}/manifests/{first}") in registry.asked
    assert "No change needed" in bot.ask("ada", "deploy app")
    second = registry.push("1")
    assert f"{first}` → `{registry.image}:1@{second}" in bot.ask("ada", "deploy app --plan")
    assert "is as revision" in bot.ask("ada", "stack app --diff")
    assert bot.change("ada", "deploy app").text.startswith("✓")
    assert image(bot) == f"{registry.image}:1@{second}"
    number = int(bot.ask("eve", "stack app").partition("*Revisions*")[2].split()[0])
    card = bot.change("ada", f"deploy app --revision {number - 1}")
    assert card.text.startswith("✓"), card.text
    assert image(bot) == f"{registry.image}:1@{first}"
    no_password_was_told(bot)


@pytest.mark.usefixtures("cluster")
def test_an_unknown_tag_is_refused(bot: Scenario, app: StackFolder, registry: Registry) -> None:
    """Each node could run another image by that name. ``--no-resolve`` deploys it, and its tasks show why none runs."""
    app.write(compose(f"{registry.image}:absent"))
    told = bot.ask("ada", "deploy app")
    assert f"No registry gave the digest of `{registry.image}:absent`" in told
    assert "`/swarm deploy app --no-resolve` deploys the name as it is" in told
    assert names(bot, "services") == set()


@pytest.mark.usefixtures("cluster")
def test_a_helper_that_fails_stops_the_deploy(bot: Scenario, app: StackFolder, registry: Registry) -> None:
    """Before anything is written, and nothing that it says is shown."""
    registry.push("1")
    app.write(compose(f"{registry.image}:1"))
    helper = bot.deployment.folder / "docker" / "docker-credential-scenario"
    sound = helper.read_text()
    helper.write_text(f"#!/bin/sh\necho {PASSWORD}; echo {PASSWORD} >&2; exit 3\n")
    try:
        told = bot.ask("ada", "deploy app")
    finally:
        helper.write_text(sound)
    assert "`docker-credential-scenario` gave no credentials for" in told
    assert names(bot, "services") == set()
    no_password_was_told(bot)


def image(bot: Scenario) -> str:
    """Return the image in the service's spec."""
    return str(inspect(bot, "app_web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])


def no_password_was_told(bot: Scenario) -> None:
    """Fail if the registry's password is anywhere, or if Docker's confined command line asked the helper."""
    asked = (bot.deployment.folder / "docker" / "asked").read_text().splitlines()
    assert asked
    assert {line.split(" ")[1] for line in asked} == {bot.deployment.environment["HOME"]}
    assert_nowhere(bot, PASSWORD)
