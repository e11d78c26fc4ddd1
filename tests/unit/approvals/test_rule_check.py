"""The check of the approval rules in doctor, worker and whoami, with a real Redis and a local Slack."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from slack_sdk import WebClient

from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule_check import rule_problems
from bot.audit import Audit
from bot.audit.paging import AuditPages
from bot.config import Config
from bot.doctor import slack as slack_checks
from bot.doctor.finding import Check
from bot.doctor.run import run_doctor
from bot.gate.records import RecordReader
from bot.model.records import ApprovalRequirement, RecordsQuery
from bot.queue.queue import Queue
from bot.settings import Settings
from bot.usergroups import UserGroups
from bot.watch.repository import WatchRepository
from sandbox.slack import LocalSlack
from tests.kits.commands import COMMANDS

ADMINS = "S0ADMINS"


def _written(**approvals: dict[str, Any]) -> dict[str, Any]:
    return {
        "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
        "people": {"admins": [ADMINS, "U0KIM00001"]},
        "rules": {"administer": ["admins"], "approvals": approvals},
    }


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack; cleo and dan are in @admins."""
    with LocalSlack(rate_limits=False) as slack:
        slack.team.set_group(ADMINS, ["U0CLEO", "U0DAN"])
        yield slack


@pytest.fixture
def user_groups(slack: LocalSlack, client: Redis) -> Iterator[UserGroups]:
    """Return the user groups of both."""
    web = WebClient(slack.team.app.bot_token, base_url=f"{slack.url}/api/", timeout=2, retry_handlers=[])
    user_groups = UserGroups(web, client)
    yield user_groups
    user_groups.close()


CHECKS = [Check("The approval rules", slack_checks.approval_rules)]


def _doctor(slack: LocalSlack, folder: Path, written: dict[str, Any]) -> tuple[int, str]:
    path = folder / "swarmbot.yml"
    path.write_text(yaml.safe_dump(written))
    settings = Settings.from_environment({**slack.environment(), "SWARMBOT_CONFIG": str(path)})
    out = io.StringIO()
    return run_doctor(settings, COMMANDS, out, CHECKS), out.getvalue()


def test_doctor_counts_group_members(slack: LocalSlack, tmp_path: Path) -> None:
    """Enough is fine, exactly as many is a warning, fewer is an error, and so is no answer from Slack."""
    assert _doctor(slack, tmp_path, _written()) == (
        0,
        "✓ Every approval rule has enough people.\nNo problems found.\n",
    )
    status, told = _doctor(slack, tmp_path, _written(rotate={"count": 3}))
    assert status == 0
    assert told.startswith("! prod: `rotate`: needs 3 approvals from @admins besides the requester, but only 3")
    slack.team.set_group(ADMINS, [])
    status, told = _doctor(slack, tmp_path, _written())
    assert status == 1
    [wrong] = [line for line in told.splitlines() if line.startswith("✗ prod: ")]
    assert "`force-new-cluster`" in wrong
    assert "needs 2 approvals from @admins, but only 1 person can approve: it can never be approved." in wrong
    slack.fault("error", "usergroups.users.list", code="internal_error")
    assert _doctor(slack, tmp_path, _written())[0] == 1


def test_worker_reports_rule_problems_at_its_start(slack: LocalSlack, user_groups: UserGroups) -> None:
    """In whole sentences; an unknown membership is reported too."""
    config, counts = Config.model_validate(_written()), COMMANDS.approval_counts()
    assert rule_problems(config, user_groups, counts) == []
    [told] = rule_problems(Config.model_validate(_written(rotate={"count": 9})), user_groups, counts)
    assert told.endswith("it can never be approved.")
    slack.fault("http_500", "usergroups.users.list")
    fresh = Config.model_validate({**_written(), "people": {"admins": ["S0OTHER"]}})
    [told] = rule_problems(fresh, user_groups, counts)
    assert told.startswith("Unknown whether enough people can approve")
    assert "S0OTHER" in told


def test_whoami_shows_who_must_approve(client: Redis, user_groups: UserGroups) -> None:
    """The rules of this cluster by the approvals needed, without those that need none."""
    written = _written(rotate={"count": 0}, trust={"by": ["U0EVE00001"], "count": 1})
    audit = Audit(client)
    records = RecordReader(
        config=Config.model_validate(written),
        commands=COMMANDS,
        queue=Queue(client, audit),
        pages=AuditPages(client, audit),
        user_groups=user_groups,
        approvals=ApprovalRepository(client, audit),
        watch=WatchRepository(client, audit),
        enrolled=lambda _: False,
    )

    def waits(requester: str) -> dict[str, ApprovalRequirement]:
        rights = records.read(RecordsQuery(permissions=True), cluster="prod", requester=requester).permissions
        return {subject.name: each for each in rights.approvals for subject in each.subjects}

    cleo, eve = waits("U0CLEO"), waits("U0EVE00001")
    assert "rotate" not in cleo
    assert (cleo["join manager"].count, cleo["join manager"].by, cleo["join manager"].can_approve) == (
        1,
        "@admins",
        True,
    )
    assert cleo["join manager"] == cleo["token manager"]
    assert cleo["force-new-cluster"].count == 2
    assert (cleo["trust"].by, cleo["trust"].can_approve, eve["trust"].can_approve) == ("<@U0EVE00001>", False, True)
    assert eve["force-new-cluster"].can_approve is False
    conditions = {subject.name: subject.when for each in cleo.values() for subject in each.subjects}
    assert (conditions["remove"], conditions["leave"]) == ("of a manager", "of a manager")
    assert conditions["promote"] == "", "always"
    assert conditions["trust"] == "", "a count in swarmbot.yml holds for every key"
