"""Each test has its own bot, because its processes are killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from tests.kits.scenario import Play, config


@pytest.fixture
def play(hosts: Fleet, tmp_path: Path) -> Iterator[Play]:
    """A bot with two workers, and hosts without faults."""
    with Deployment(hosts, tmp_path / "stage", workers=2, config=config(hosts)) as stage:
        yield Play(stage)
