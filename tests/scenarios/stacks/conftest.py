"""One bot that knows two stacks, for all scenarios of stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.registry import Registry, credential_helper
from tests.kits.scenario import Scenario, config
from tests.kits.service_scenario import engine_of, remove_services
from tests.kits.stacks import OTHER_IMAGE, StackFolder, compose

HOSTS: Final = ("host-1", "host-2")


@pytest.fixture(scope="package")
def registry(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A private registry that the engines reach and trust."""
    registry = Registry(tmp_path_factory.mktemp("registry"), fleet.network.gateway)
    for host in HOSTS:
        registry.trusted_by(fleet[host])
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture(scope="package")
def bot(fleet: Fleet, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    """A bot with two workers that knows two stacks; a deploy needs approval only in a freeze.

    A credential helper of its workers knows the registry's password.
    """
    folder = tmp_path_factory.mktemp("stacks")
    settings = config(fleet)
    shop: dict[str, Any] = {"git": f"file://{folder}/shop", "ref": "main", "file": "deploy/compose.yml"}
    shop |= {"variables": {"TAG": "latest"}}
    settings["clusters"]["prod"]["stacks"] = {"app": str(folder / "app" / "compose.yml"), "shop": shop}
    settings["rules"]["approvals"]["deploy"] = {"count": 0}
    environment = {"LOG_LEVEL": "DEBUG", **credential_helper(folder / "docker", registry.name)}
    with Deployment(fleet, folder, workers=2, config=settings, environment=environment) as deployment:
        yield Scenario(deployment)


@pytest.fixture
def cluster(bot: Scenario) -> Scenario:
    """One manager and a worker, without services, secrets, configs and networks of stacks."""
    bot.stand(workers=HOSTS[1:])
    remove_services(bot)
    with engine_of(bot) as engine:
        for secret in engine.secrets():
            engine.remove_secret(secret["ID"])
        for config in engine.configs():
            engine.remove_config(config["ID"])
        until(lambda: not any(map(bot.containers, HOSTS)), "no task runs")
        of_stacks = {"label": "com.docker.stack.namespace"}
        for network in engine.networks(filters=of_stacks):
            engine.remove_network(network["Id"])
        until(lambda: not engine.networks(filters=of_stacks), "no network of a stack is left")
    for host in HOSTS:
        with bot[host].engine() as engine:
            engine.tag(TASK_IMAGE, OTHER_IMAGE)
    return bot


@pytest.fixture
def app(bot: Scenario) -> StackFolder:
    """The folder of the stack ``app``, with its first version."""
    folder = StackFolder(bot.deployment.folder / "app")
    folder.write(compose())
    return folder
