"""Each test has its own bot, because its processes are killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from tests.kits.scenario import Scenario, config


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[Scenario]:
    """A bot with two workers, and hosts without faults."""
    with Deployment(hosts, tmp_path / "deployment", workers=2, config=config(hosts)) as deployment:
        yield Scenario(deployment)
