"""``python -m bot doctor`` with a local Slack, a real Redis and real hosts."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis

from bot.audit import Archive, Audit, Entry, Retention
from bot.doctor.run import run_doctor
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.store import keys
from sandbox.deployment import TWO_OF_FOUR, team_with_manifest
from sandbox.fleet import Fleet
from sandbox.slack import LocalSlack
from tests.kits.commands import COMMANDS
from tests.kits.engine_version import Version, giving_itself_out_as

NOWHERE = {"ssh": {"user": "root"}, "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "127.0.0.1"}}}}
PEOPLE = {
    "people": {"operators": ["S0OPS", "U0ADA"], "admins": ["U0CLEO", "S0ADMINS"]},
    "rules": {
        "operate": ["operators"],
        "administer": ["admins"],
        # It needs two besides the requester, and there are two administrators.
        "approvals": TWO_OF_FOUR,
    },
}


@dataclass
class Report:
    """The doctor's output and exit status."""

    status: int
    text: str

    def line_with(self, words: str) -> str:
        """Return the only line with these words."""
        found = [line_with for line_with in self.text.splitlines() if words in line_with]
        assert len(found) == 1, f"{words!r} stands on {len(found)} lines of:\n{self.text}"
        return found[0]


@dataclass
class DoctorSetup:
    """Settings for the doctor to examine: a local Slack, a Redis, a swarmbot.yml."""

    slack: LocalSlack
    settings: Settings

    def write(self, config: dict[str, Any]) -> None:
        """Write swarmbot.yml."""
        self.settings.config_path.write_text(yaml.safe_dump(config), encoding="utf-8")

    def examine(self, **changed: Any) -> Report:
        """Run the doctor with some settings changed."""
        out = io.StringIO()
        status = run_doctor(replace(self.settings, **changed), COMMANDS, out)
        return Report(status, out.getvalue())


@pytest.fixture(params=["http"])
def setup(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str) -> Iterator[DoctorSetup]:
    """A setup without faults, except for the host 127.0.0.1 whose port 1 has no listener; over HTTP by default."""
    with LocalSlack(team_with_manifest(), rate_limits=False, socket_mode=request.param == "socket") as slack:
        environment = slack.environment() | {
            "REDIS_URL": redis_url,
            "SWARMBOT_CONFIG": str(tmp_path / "swarmbot.yml"),
        }
        setup = DoctorSetup(slack, Settings.from_environment(environment))
        setup.write({**NOWHERE, **PEOPLE, "ssh": {"port": 1}})
        yield setup


def test_working_parts_are_listed(setup: DoctorSetup) -> None:
    """Settings, token, scopes, channel, people, Redis and audit log have a line each."""
    report = setup.examine()
    for words in ("SLACK_BOT_TOKEN", "SIGNING_SECRET", "loads", "accepts the bot token", "scopes"):
        assert report.line_with(words).startswith("✓")
    for words in (
        "#prod",
        "@operators",
        "@admins",
        "2 of 2 people",
        "enough people",
        "Redis responds",
        "evicts nothing",
        "audit log",
    ):
        assert report.line_with(words).startswith("✓")


@pytest.mark.parametrize("setup", ["socket"], indirect=True)
def test_socket_mode_is_tested(setup: DoctorSetup) -> None:
    """The doctor requests a connection from Slack to test the app token."""
    report = setup.examine()
    assert report.line_with("SLACK_APP_TOKEN").startswith("✓")
    assert report.line_with("connect by Socket Mode").startswith("✓")
    assert setup.examine(slack_app_token=Secret("xapp-of-nobody")).line_with("invalid_auth").startswith("✗")


def test_disabled_socket_mode_is_reported(setup: DoctorSetup) -> None:
    """An app token without Socket Mode: the line says where to switch it on."""
    token = Secret(setup.slack.team.app.app_token)
    assert "Enable it" in setup.examine(slack_app_token=token).line_with("`forbidden`")


def test_an_unreachable_host_is_reported(setup: DoctorSetup) -> None:
    """One unreachable host fails the doctor, and nothing else does."""
    report = setup.examine()
    assert report.status == 1
    assert report.line_with("host-1").startswith("✗")
    assert report.text.count("✗") == 1
    assert report.text.endswith("Problems: 1. Warnings: 0.\n")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"slack_bot_token": None}, "SLACK_BOT_TOKEN is not set"),
        ({"slack_bot_token": Secret("xoxp-user-token-1234")}, "SLACK_BOT_TOKEN does not look like"),
        ({"slack_bot_token": Secret('"xoxb-1234-5678"')}, "SLACK_BOT_TOKEN contains quotes"),
        ({"slack_signing_secret": Secret("not hex")}, "SLACK_SIGNING_SECRET does not look like"),
        ({"slack_app_token": Secret("xoxb-0-1-234567")}, "SLACK_APP_TOKEN does not look like"),
        ({"slack_signing_secret": None, "slack_app_token": None}, "Neither SLACK_SIGNING_SECRET nor"),
        ({"slack_bot_token": Secret("xoxb-of-nobody")}, "invalid_auth"),
        ({"slack_api_url": "http://127.0.0.1:9/api/"}, "A request to Slack failed (auth.test)"),
        ({"slack_api_url": "ftp://slack.com/"}, "SLACK_API_URL is not an http"),
        ({"redis_url": Secret("redis://127.0.0.1:9/0")}, "Redis does not respond"),
        ({"redis_url": Secret("rubbish")}, "REDIS_URL is not a valid Redis URL"),
        ({"config_path": Path("/nowhere/swarmbot.yml")}, "cp swarmbot.example.yml"),
    ],
)
def test_a_wrong_setting_is_reported_with_the_fix(setup: DoctorSetup, changed: dict[str, Any], words: str) -> None:
    """Each wrong setting has a ✗ line without its value."""
    report = setup.examine(**changed)
    assert report.status == 1
    assert report.line_with(words).startswith("✗")
    for value in changed.values():
        if isinstance(value, Secret):
            assert value.reveal() not in report.text


def test_no_secret_is_ever_printed(setup: DoctorSetup) -> None:
    """No secret is printed on success or failure, including the password in REDIS_URL."""
    well = setup.examine()
    setup.slack.fault("http_500")
    ill = setup.examine(redis_url=Secret("redis://user:p%40ssw0rd@127.0.0.1:9/0"), config_path=Path("/nowhere"))
    app = setup.slack.team.app
    for secret in (app.bot_token, app.app_token, app.signing_secret, "p%40ssw0rd", "p@ssw0rd"):
        assert secret not in well.text + ill.text


def test_checks_with_a_failed_requirement_are_skipped(setup: DoctorSetup) -> None:
    """Without swarmbot.yml and Slack, the checks that need them have a line each that says they were skipped."""
    setup.settings.config_path.write_text("clusters: {prod: {chanel: C0PROD}}", encoding="utf-8")
    report = setup.examine(slack_bot_token=None)
    assert "chanel" in report.text
    assert report.line_with("clusters' channels").startswith("! The clusters' channels: skipped, because it needs")
    assert report.line_with("Hosts: skipped").startswith("!")
    assert report.line_with("Redis responds").startswith("✓")


def _remove_scope(slack: LocalSlack) -> None:
    slack.team.app.scopes.discard("chat:write")


def _leave_channel(slack: LocalSlack) -> None:
    slack.team.set_members("prod", ["U0ADA"])


def _remove_channel(slack: LocalSlack) -> None:
    del slack.team.channels["C0PROD"]


def _archive(slack: LocalSlack) -> None:
    slack.team.channels["C0PROD"].is_archived = True


def _remove_group(slack: LocalSlack) -> None:
    del slack.team.groups["S0OPS"]


def _disable_group(slack: LocalSlack) -> None:
    slack.team.groups["S0OPS"].disabled = True


def _empty_group(slack: LocalSlack) -> None:
    slack.team.set_group("operators", [])


def _remove_user(slack: LocalSlack) -> None:
    del slack.team.users["U0CLEO"]


def _deactivate_user(slack: LocalSlack) -> None:
    slack.team.users["U0CLEO"].deleted = True


@pytest.mark.parametrize(
    ("change", "sign", "words"),
    [
        (_remove_scope, "✗", "lacks the scope chat:write"),
        (_leave_channel, "✗", "the bot is not a member of #prod. Type `/invite @swarmbot`"),
        (_remove_channel, "✗", "no channel C0PROD"),
        (_archive, "✗", "#prod is archived"),
        (_remove_group, "✗", "people.operators: Slack has no user group S0OPS"),
        (_disable_group, "✗", "people.operators: the user group @operators is disabled"),
        (_empty_group, "!", "people.operators: the user group @operators is empty"),
        (_remove_user, "✗", "people.admins: Slack has no user U0CLEO"),
        (_deactivate_user, "!", "people.admins: U0CLEO (@cleo) is deactivated"),
    ],
)
def test_problems_in_slack_are_reported(
    setup: DoctorSetup, change: Callable[[LocalSlack], None], sign: str, words: str
) -> None:
    """Scopes, channels, groups and people are named, with the key in swarmbot.yml."""
    with setup.slack.workspace.changed:
        change(setup.slack)
    assert setup.examine().line_with(words).startswith(sign)


def test_a_redis_that_can_lose_data_is_reported(setup: DoctorSetup, redis_url: str) -> None:
    """An eviction policy can remove jobs."""
    with Redis.from_url(redis_url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            report = setup.examine()
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert report.line_with("allkeys-lru").startswith("✗")


def test_a_tampered_audit_log_is_reported(setup: DoctorSetup, redis_url: str) -> None:
    """An entry removed from the chain fails the doctor."""
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        log = Audit(redis)
        for number in range(3):
            log.append([Entry(action="asked", by="U0ADA", detail=str(number))])
        redis.xdel(keys.AUDIT_LOG, "2-0")
    report = setup.examine()
    assert report.line_with("log was tampered with").startswith("✗")
    assert report.status == 1


def test_the_archive_of_the_audit_log_is_verified(setup: DoctorSetup, redis_url: str, tmp_path: Path) -> None:
    """Archived entries count; an unconfigured archive is a warning, a damaged one a failure."""
    config, archive = {**NOWHERE, **PEOPLE, "ssh": {"port": 1}}, Archive(tmp_path / "archive")
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        log = Audit(redis)
        log.append([Entry(action="asked", by="U0ADA")] * 3)
        assert Retention(log.stream, archive, keep=0).move_old_entries(time.time() + 1) == 2
        log.append([Entry(action="ended", by="worker")])
    assert setup.examine().line_with("The audit log is valid").startswith("! The audit log is valid: 2 entries")
    setup.write({**config, "audit": {"archive": str(archive.folder)}})
    assert setup.examine().line_with("The audit log is valid").startswith("✓ The audit log is valid: 4 entries")
    (month,) = archive.folder.glob("*.gz")
    month.write_bytes(month.read_bytes()[:-20])
    assert setup.examine().line_with("log was tampered with").startswith("✗")


@pytest.mark.fleet
def test_hosts_are_examined_in_parallel(setup: DoctorSetup, hosts: Fleet) -> None:
    """Without faults the status is 0; a host that is off, without dockerd or permission, or too old has a ✗ line."""
    setup.write({**hosts.config(), **PEOPLE})
    report = setup.examine()
    assert report.status == 0, report.text
    assert report.text.endswith("No problems found.\n")
    for number in range(1, 6):
        assert report.line_with(f"`host-{number}`").startswith("✓")

    hosts["host-2"].power_off()
    hosts["host-3"].stop_docker()
    config = hosts.config()
    config["clusters"]["prod"]["hosts"]["host-4"] = {"address": hosts["host-4"].address, "user": "deploy"}
    setup.write({**config, **PEOPLE})
    with giving_itself_out_as(Version("19.03.15", "1.12", "1.40"), hosts["host-5"]):
        report = setup.examine()
    assert report.status == 1
    assert report.line_with("`host-1`").startswith("✓")
    assert "Check that the machine is on" in report.line_with("✗ `host-2`")
    assert "systemctl start docker" in report.line_with("✗ `host-3`")
    assert "usermod" in report.line_with("✗ `host-4`")
    assert "Upgrade Docker on it to 20.10 or newer" in report.line_with("✗ `host-5`")
