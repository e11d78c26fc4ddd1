"""One bot, with a Slack, a Redis and five real hosts of its own, for all scenarios; each begins with sound hosts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from tests.kits.approval_scenario import RULES, Asked
from tests.kits.cfssl import Cfssl
from tests.kits.scenario import Play, config


@pytest.fixture(scope="session")
def stage(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The bot's processes, at the level of logging that says most."""
    folder = tmp_path_factory.mktemp("stage")
    with Deployment(fleet, folder, config=config(fleet), environment={"LOG_LEVEL": "DEBUG"}) as stage:
        yield stage


@pytest.fixture(scope="session")
def whole_play(stage: Deployment) -> Play:
    """The bot as the test before left it."""
    return Play(stage)


@pytest.fixture
def play(whole_play: Play) -> Play:
    """The bot before a new beginning."""
    whole_play.reset()
    return whole_play


@pytest.fixture(scope="session")
def asking_stage(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot with the default rules but for two, so that each way of waiting is there."""
    rules = {**PEOPLE["rules"], "approvals": RULES}
    config = {**fleet.config(), "people": PEOPLE["people"], "rules": rules}
    with Deployment(fleet, tmp_path_factory.mktemp("asking"), config=config) as stage:
        yield stage


@pytest.fixture
def asked(asking_stage: Deployment, fleet: Fleet) -> Iterator[Asked]:
    """The cluster anew."""
    fleet.reset()
    first = fleet["host-1"]
    first.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.docker("swarm", "join-token", "-q", "worker").strip()
    for name in ("host-2", "host-3"):
        fleet[name].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    asking_stage.slack.advance(3600)
    asked = Asked(asking_stage)
    yield asked
    assert asked.audit.verify().ok


@pytest.fixture
def cfssl(whole_play: Play, tmp_path: Path) -> Iterator[Cfssl]:
    """Debian's cfssl on the bot's side of the hosts' network, by https, its server certificate of the same CA."""
    server = Cfssl(tmp_path, whole_play.fleet.network.gateway)
    server.start()
    yield server
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what everybody typed and saw."""
    report = yield
    found = (value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Play))
    if report.failed and (play := next(found, None)):
        report.sections.append(("Slack", play.slack.text(play.slack.transcript(play.began))))
    return report
