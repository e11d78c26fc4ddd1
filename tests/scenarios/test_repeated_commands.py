"""A repeated command needs no change, and says so.

Each new command belongs in one of the stories, in ``ELSEWHERE`` or in ``NOT_IDEMPOTENT``. Commands for nodes that are
down or unknown are repeated in tests/fleet/test_plan_tables.py. Questions change nothing; test_check.py shows that
``check`` leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.kits.commands import COMMANDS
from tests.kits.scenario import Scenario
from tests.kits.secret_search import shown


@dataclass(frozen=True)
class RepeatedCommand:
    """A command that is run twice."""

    words: str
    told: str
    """Part of the second answer."""
    who: str = "cleo"
    """The requester."""
    approver: str = ""
    """Who approves the first request; empty if it needs no approval. The second request needs none."""


STORIES: Final = {
    "workers": (
        RepeatedCommand("init host-1", "`host-1` is a manager of prod"),
        RepeatedCommand(
            "join worker host-2 --label zone=b --availability drain", "`host-2` is a worker of prod", "ada"
        ),
        RepeatedCommand("join worker host-2 host-3", "`host-2` is a worker of prod", "ada"),
        RepeatedCommand("activate host-2", "`host-2` is active", "ada"),
        RepeatedCommand("pause host-2", "`host-2` is paused", "ada"),
        RepeatedCommand("drain host-2", "`host-2` is drained", "ada"),
        RepeatedCommand("label host-2 disk=ssd", "disk=ssd", "ada"),
        RepeatedCommand("label host-2 zone=c --remove disk", "`host-2` has `zone=c` and no label `disk`", "ada"),
        RepeatedCommand(
            "update --task-history-limit 3 --cert-expiry 720h --max-snapshots 2", "has task history limit 3; prod has"
        ),
        RepeatedCommand("promote host-2", "`host-2` is a manager of prod, reachable", approver="dan"),
        RepeatedCommand("demote host-2", "`host-2` is a worker"),
        RepeatedCommand("remove host-2", "no record of `host-2`"),
        RepeatedCommand("leave host-3", "`host-3` is not part of any cluster"),
    ),
    "managers": (
        RepeatedCommand("init host-1", "`host-1` is a manager of prod"),
        RepeatedCommand("join manager host-2", "`host-2` is a manager of prod"),
        RepeatedCommand("leave host-2", "`host-2` is not part of any cluster"),
        RepeatedCommand("join manager host-2 host-3", "`host-2` is a manager of prod"),
    ),
}
ELSEWHERE: Final = {
    "trust": "tests/scenarios/test_trust.py",
    "unlock": "tests/scenarios/test_unlock.py",
    "restore": "tests/scenarios/test_backup.py",
    "recover": "tests/scenarios/test_recover.py: after a recovery there is a quorum, and nothing to recover",
    "freeze": "below, and tests/unit/freeze",
    "thaw": "below",
    "totp": "tests/unit/totp: a second enrolment is refused, a second reset finds nothing",
    "cancel": "tests/unit/queue/test_cancel.py",
    "scale": "tests/scenarios/test_service_changes.py",
    "pause-service": "tests/plans/cases/pause-service: a rollout that is paused is no change",
    "acknowledge": "tests/plans/cases/records/incidents.yml",
    "silence": "tests/unit/watch: a silence of the same subject takes the place of the one before",
    "unsilence": "tests/unit/watch: a silence that has ended is unknown",
    "deploy": "tests/scenarios/stacks/test_deploy.py: an unchanged file is no change",
    "undeploy": "tests/scenarios/stacks/test_deploy.py",
    "update-service": "tests/scenarios/test_service_changes.py: it also says why tasks do not run",
    "remove-service": "tests/plans/cases/remove-service: a service that is removed is unknown",
    "prune": "tests/scenarios/test_prune.py: asked again, it removes nothing",
    "rebalance": "tests/scenarios/test_gapless_drain.py: asked again, it moves nothing",
}
"""Commands whose repetition is tested elsewhere."""
NOT_IDEMPOTENT: Final = {
    "backup": "takes another backup of the current state; with `--drill` tests the newest again (test_backup.py)",
    "token": "`--rotate` replaces the current token again; without it, the same token is shown",
    "unlock-key": "`--rotate` replaces the current key again; without it, the same key is shown",
    "restart": "replaces all tasks again",
    "rollback": "a second one undoes the first; with `--last-good` nothing changes (tests/plans/cases/rollback)",
    "resume": "an update that is no longer paused is refused (tests/plans/cases/resume)",
    "run": "runs the job again",
    "ca": "`--rotate` replaces the current root again; a running rotation continues (test_ca.py)",
}
"""Commands whose repetition has another meaning."""


def cluster_state(scenario: Scenario) -> dict[str, Any]:
    """Return everything of the cluster that a command could change."""
    with scenario["host-1"].engine() as engine:
        nodes = {node["ID"]: (node["Spec"], node["Status"]["State"]) for node in engine.nodes()}
        swarm = engine.inspect_swarm()
    return {"nodes": nodes, "version": swarm["Version"], "spec": swarm["Spec"], "tokens": swarm["JoinTokens"]}


def run_first(scenario: Scenario, case: RepeatedCommand) -> None:
    """Run the command for the first time and wait for its end."""
    if not case.approver:
        assert scenario.change(case.who, case.words).text.startswith("✓"), case.words
        return
    job = scenario.begin(case.who, case.words)
    card = scenario.see(case.approver, f"`{job}`", private=False)
    scenario.slack.click(case.approver, card, "Approve")
    scenario.see(case.who, f"`{job}`: ✓ *Approved*", private=True)  # the last that is said of it
    scenario.quiet()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("story", STORIES)
def test_a_repeated_command_changes_nothing(scenario: Scenario, story: str) -> None:
    """Only the requester gets the answer, which names the current state; no approval is needed; nothing changes."""
    for case in STORIES[story]:
        run_first(scenario, case)
        before = cluster_state(scenario)
        public = scenario.public()
        again = scenario.ask(case.who, case.words)
        assert again.startswith("✓ *No change needed*: "), again
        assert case.told in again
        assert again.endswith("Nothing was changed."), again
        assert cluster_state(scenario) == before
        assert scenario.public() == public


def test_every_change_is_repeated_in_a_test() -> None:
    """Each command is in a story, is tested elsewhere, or has another meaning when repeated."""
    told = {case.words.partition(" ")[0] for story in STORIES.values() for case in story}
    changes = {name for name, command in COMMANDS.items() if command.plan or command.control}
    assert changes == told | ELSEWHERE.keys() | NOT_IDEMPOTENT.keys()


def test_a_repeated_rotation_rotates_again(scenario: Scenario) -> None:
    """`--rotate` always requests a new value: two requests are two rotations."""
    scenario.change("cleo", "init host-1 --autolock")
    orders = {
        "token worker --rotate": "✓ *The worker token of prod is rotated*",
        "unlock-key --rotate": "✓ *The unlock key of prod was rotated*",
        "ca --rotate": "✓ *Rotation of prod's root certificate: ",
    }
    for words, told in orders.items():
        for _ in range(2):
            before = rotated_values(scenario)
            assert rotate(scenario, words).startswith(told)
            assert rotated_values(scenario)[words] != before[words]


def rotated_values(scenario: Scenario) -> dict[str, str]:
    """Return the values that rotations replace."""
    with scenario["host-1"].engine() as engine:
        swarm = engine.inspect_swarm()
        key = str(engine.get_unlock_key()["UnlockKey"])
    root = swarm["TLSInfo"]["TrustRoot"]
    return {"token worker --rotate": swarm["JoinTokens"]["Worker"], "unlock-key --rotate": key, "ca --rotate": root}


def rotate(scenario: Scenario, words: str) -> str:
    """Request a rotation, approve it if necessary, and return its final card."""
    after = scenario.now
    job = scenario.begin("cleo", words)
    if words.startswith("unlock-key"):
        card = scenario.see("dan", "[Approve]", after=after, private=False)
        scenario.slack.click("dan", card, "Approve")
        return scenario.end(job, after=card.number).text
    return scenario.end(job).text


def test_a_repeated_once_shows_the_same_token(scenario: Scenario) -> None:
    """`--once` twice shows the same token, valid for one node and not longer than before."""
    scenario.cluster()
    before = cluster_state(scenario)
    first, second = scenario.ask("ada", "token worker --once"), scenario.ask("ada", "token worker --once")
    assert shown(first) == shown(second)
    assert [line for line in first.splitlines() if "For one node, until" in line] == [
        line for line in second.splitlines() if "For one node, until" in line
    ]
    assert cluster_state(scenario) == before


def test_a_repeated_freeze_or_thaw_changes_nothing(scenario: Scenario) -> None:
    """Only the requester sees that no change is needed; the channel gets no message."""
    until = f"{datetime.now(UTC) + timedelta(hours=5):%Y-%m-%dT%H:%M}"
    words = f"freeze --until {until} --reason sale"
    assert scenario.ask("cleo", words).startswith("*prod is frozen* until")
    scenario.see("ben", "prod is frozen", private=False)
    public = scenario.public()
    again = scenario.ask("dan", words)
    assert again.startswith("✓ No change needed: prod is frozen until"), again
    assert again.endswith("Nothing was changed."), again
    assert scenario.public() == public
    assert scenario.ask("cleo", "thaw") == "*prod is thawed*."
    scenario.see("ben", "prod is thawed", private=False)
    public = scenario.public()
    assert scenario.ask("cleo", "thaw") == "prod is not frozen. Nothing was changed."
    assert scenario.public() == public
