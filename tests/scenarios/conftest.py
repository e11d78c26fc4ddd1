"""One bot, with a Slack, a Redis and five real hosts of its own, for all scenarios; each begins with sound hosts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from tests.kits.approval_scenario import RULES, ApprovalScenario
from tests.kits.cfssl import Cfssl
from tests.kits.formed_cluster import form_cluster
from tests.kits.scenario import Scenario, config
from tests.kits.service_scenario import remove_services, stand_empty


@pytest.fixture(scope="package")
def deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The bot's processes, at the level of logging that says most."""
    folder = tmp_path_factory.mktemp("deployment")
    with Deployment(fleet, folder, config=config(fleet), environment={"LOG_LEVEL": "DEBUG"}) as deployment:
        yield deployment


@pytest.fixture(scope="package")
def shared_scenario(deployment: Deployment) -> Scenario:
    """The bot as the test before left it."""
    return Scenario(deployment)


@pytest.fixture
def scenario(shared_scenario: Scenario) -> Scenario:
    """The bot before a new beginning."""
    shared_scenario.reset()
    return shared_scenario


@pytest.fixture
def manager(shared_scenario: Scenario) -> Scenario:
    """A cluster of one manager, which no test may change."""
    shared_scenario.stand()
    return shared_scenario


@pytest.fixture
def cluster(shared_scenario: Scenario) -> Iterator[Scenario]:
    """One manager and two workers, all active, without labels, services and tasks. What a test starts is removed."""
    stand_empty(shared_scenario)
    yield shared_scenario
    remove_services(shared_scenario)


@pytest.fixture(scope="package")
def approval_deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot with the default rules except two, so that each way of waiting is there."""
    rules = {**PEOPLE["rules"], "approvals": RULES}
    config = {**fleet.config(), "people": PEOPLE["people"], "rules": rules}
    with Deployment(fleet, tmp_path_factory.mktemp("asking"), config=config) as deployment:
        yield deployment


@pytest.fixture
def approvals(approval_deployment: Deployment, fleet: Fleet) -> Iterator[ApprovalScenario]:
    """The hosts, reset; nobody has a form open."""
    fleet.reset()
    form_cluster(fleet, ("host-1",), ("host-2", "host-3"), ingress=False)
    approval_deployment.slack.advance(3600)
    approval_deployment.slack.close_views()
    approvals = ApprovalScenario(approval_deployment)
    approvals.withdraw_all()
    yield approvals
    assert approvals.audit.verify().ok


@pytest.fixture
def cfssl(shared_scenario: Scenario, tmp_path: Path) -> Iterator[Cfssl]:
    """Debian's cfssl on the bot's side of the hosts' network, by https, its server certificate of the same CA."""
    server = Cfssl(tmp_path, shared_scenario.fleet.network.gateway)
    server.start()
    yield server
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what everybody typed and saw."""
    report = yield
    found = (value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Scenario))
    if report.failed and (scenario := next(found, None)):
        report.sections.append(("Slack", scenario.slack.text(scenario.slack.transcript(scenario.began))))
    return report
