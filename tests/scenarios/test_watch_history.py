"""`/swarm map --history` on real engines: watch records, the picture arrives with its words, the digest has it too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.model.history import Sample
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.watch.history import WatchHistory
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.drawn_answer import ask_for_picture
from tests.kits.scenario import config
from tests.kits.watch_scenario import WatchScenario

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def scenario(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchScenario]:
    """A bot whose digest is due."""
    due = datetime.fromtimestamp(time.time() - 120, UTC).strftime("%H:%M")
    watch = {"poll": "1s", "quiet_poll": "5s", "group_interval": "5s", "digest": {"at": due}}
    settings = {**config(fleet), "watch": watch}
    with Deployment(fleet, tmp_path_factory.mktemp("history"), watchers=1, config=settings) as deployment:
        scenario = WatchScenario(deployment)
        scenario.reset()
        yield scenario


def test_what_watch_saw_is_plotted(scenario: WatchScenario) -> None:
    """A node loses power, watch is killed and continues: the history has both, each slot once."""
    deployment, redis = scenario.deployment, connect(Secret(scenario.deployment.redis_url))
    history = WatchHistory(redis)

    def last() -> Sample | None:
        return next(iter(history.history("prod").samples[-1:]), None)

    def ready(number: int) -> bool:
        found = last()
        return found is not None and found.counts is not None and found.counts.nodes_ready.last == number

    scenario.cluster(managers=("host-1",), workers=("host-2", "host-3"))
    until(lambda: ready(3), "all nodes are recorded", timeout=60)
    scenario["host-3"].power_off()
    scenario.told("`host-3` (worker) is down")
    until(lambda: ready(2), "the node is recorded as down", timeout=60)
    deployment.kill("watch.1")
    redis.delete(keys.watch_digest("prod"))
    deployment.start("watch.1")
    scenario["host-3"].power_on()
    until(lambda: ready(3), "the node is recorded as ready again", timeout=90)
    slots = [each.at for each in history.history("prod").samples]
    assert slots == sorted(set(slots))

    drawn = ask_for_picture(scenario, "eve", "map --history --for 1h")
    assert "*History of prod*" in drawn.answer.text
    assert "Nodes: 3 of 3 ready now; lowest 2 at" in drawn.description
    assert "Managers: 1 of 1 reachable now; always 1 · 1 needed for a quorum." in drawn.description
    assert "highest 1 at" in drawn.description.partition("Incidents: ")[2]

    def digest() -> list[str]:
        return [
            block["alt_text"]
            for message in scenario.slack.messages("prod")
            if "Daily digest of prod" in message.shown
            for block in message.blocks
            if block["type"] == "image"
        ]

    until(lambda: any("lowest 2 at" in each for each in digest()), "the digest shows its day", timeout=60)

    scenario.slack.fault("error", "files.getUploadURLExternal", code="internal_error")
    said = scenario.ask("eve", "map --history --for 1h")
    assert "Nodes: 3 of 3 ready now; lowest 2 at" in said
    assert "Slack did not take the picture" in said
