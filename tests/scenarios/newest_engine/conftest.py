"""A bot whose hosts are of Debian's newest release, with its Docker engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet, Release, missing
from tests.conftest import cannot
from tests.kits.scenario import NO_APPROVAL, Scenario, config
from tests.kits.stacks import StackFolder, compose

NEWEST: tuple[Release, ...] = ("sid",)


@pytest.fixture(scope="package")
def newest_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Five hosts."""
    if reasons := missing(NEWEST):
        cannot("; ".join(reasons))
    with Fleet(tmp_path_factory.mktemp("newest") / "state", releases=NEWEST) as fleet:
        yield fleet


@pytest.fixture(scope="package")
def bot(newest_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    """A bot that knows the stack ``app``; of its commands, a promotion needs approval."""
    assert "promote" not in NO_APPROVAL
    folder = tmp_path_factory.mktemp("newest-bot")
    settings = config(newest_fleet)
    settings["clusters"]["prod"]["stacks"] = {"app": str(folder / "app" / "compose.yml")}
    settings["rules"]["approvals"]["deploy"] = {"count": 0}
    with Deployment(newest_fleet, folder, config=settings, environment={"LOG_LEVEL": "DEBUG"}) as deployment:
        yield Scenario(deployment)


@pytest.fixture
def scenario(bot: Scenario) -> Scenario:
    """The bot before a new beginning."""
    bot.reset()
    return bot


@pytest.fixture
def app(bot: Scenario) -> StackFolder:
    """The folder of the stack ``app``, with its first version."""
    folder = StackFolder(bot.deployment.folder / "app")
    folder.write(compose())
    return folder
