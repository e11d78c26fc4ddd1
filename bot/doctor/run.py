"""Run every check and print a line for each finding."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final, TextIO
from urllib.parse import unquote

from bot.commands import CommandRegistry
from bot.doctor import blocks, environment, hosts, known_hosts, slack, stacks, storage
from bot.doctor.finding import PROBLEM, WARNING, Check, DoctorFinding, Proof, from_error, problem, warning
from bot.doctor.resources import Resources
from bot.errors import SwarmbotError
from bot.secrets.secret import MASK, Secret
from bot.settings import Settings
from bot.text.suggest import listed

CHECKS: Final[tuple[Check, ...]] = (
    Check("The bot token", environment.bot_token, proves="SLACK_BOT_TOKEN"),
    Check("Slack's requests", environment.request_source),
    Check("Slack's API", environment.api_url),
    Check("swarmbot.yml", environment.config, proves="swarmbot.yml"),
    Check("Pictures", environment.fonts),
    Check("The second factor", environment.second_factor, needs=("swarmbot.yml",)),
    Check("Slack and the bot's scopes", slack.token, needs=("SLACK_BOT_TOKEN",), proves="Slack"),
    Check("Socket Mode", slack.app_token),
    Check("Blocks", blocks.blocks, needs=("Slack",)),
    Check("The clusters' channels", slack.channels, needs=("swarmbot.yml", "Slack")),
    Check("User groups", slack.groups, needs=("swarmbot.yml", "Slack")),
    Check("People", slack.users, needs=("swarmbot.yml", "Slack")),
    Check("The approval rules", slack.approval_rules, needs=("swarmbot.yml", "Slack")),
    Check("Redis", storage.responds, proves="Redis"),
    Check("Redis' durability", storage.durable, needs=("Redis",)),
    Check("Slack's signatures", storage.signatures, needs=("Redis",)),
    Check("Messages", storage.messages, needs=("Redis",)),
    Check("Watch", storage.watch, needs=("swarmbot.yml", "Redis")),
    Check("Webhooks", storage.webhooks, needs=("swarmbot.yml", "Redis")),
    Check("Redis' password", storage.protected, needs=("Redis",)),
    Check("The audit log", storage.audit, needs=("swarmbot.yml", "Redis")),
    Check("Backups", storage.backups, needs=("swarmbot.yml",)),
    Check("Deploys", stacks.deploys, needs=("swarmbot.yml",)),
    Check("known_hosts", known_hosts.known_hosts, needs=("swarmbot.yml",)),
    Check("Hosts", hosts.hosts, needs=("swarmbot.yml",)),
)

_log = logging.getLogger(__name__)


def run_doctor(settings: Settings, commands: CommandRegistry, out: TextIO, checks: Iterable[Check] = CHECKS) -> int:
    """Print what each check finds; return the exit status: 1 if there is a problem, otherwise 0 (warnings included)."""
    resources = Resources(settings, commands)
    secrets = tuple(_secrets(settings))
    signs: Counter[str] = Counter()
    try:
        for finding in _findings(resources, checks):
            signs[finding.sign] += 1
            out.write(_masked(str(finding), secrets) + "\n")
            out.flush()
    finally:
        resources.close()
    out.write(_summary(signs) + "\n")
    return 1 if signs[PROBLEM] else 0


def _findings(resources: Resources, checks: Iterable[Check]) -> Iterator[DoctorFinding]:
    failed: set[Proof] = set()
    for check in checks:
        missing = [proof for proof in check.needs if proof in failed]
        bad = bool(missing)
        if missing:
            yield warning(f"{check.about}: skipped, because it needs {listed(missing)}.", "Fix that first.")
        else:
            for finding in _examined(check, resources):
                bad = bad or finding.sign == PROBLEM
                yield finding
        if bad and check.proves:
            failed.add(check.proves)


def _examined(check: Check, resources: Resources) -> Iterator[DoctorFinding]:
    try:
        yield from check.examine(resources)
    except SwarmbotError as error:
        yield from_error(error)
    except Exception as error:  # noqa: BLE001 - a defect in one check must not hide the other findings
        _log.debug("the check %r failed", check.about, exc_info=True)
        yield problem(
            f"{check.about}: the check itself failed ({type(error).__name__}: {error}).",
            "Report this as a bug of Swarmbot; LOG_LEVEL=DEBUG logs the traceback.",
        )


def _summary(signs: Counter[str]) -> str:
    if not signs[PROBLEM] and not signs[WARNING]:
        return "No problems found."
    return f"Problems: {signs[PROBLEM]}. Warnings: {signs[WARNING]}."


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield every secret of the settings, and the password in REDIS_URL on its own."""
    values = (getattr(settings, field.name) for field in fields(settings))
    yield from (value.reveal() for value in values if isinstance(value, Secret))
    credentials = settings.redis_url.reveal().partition("://")[2].rpartition("@")[0]  # works for any text, URL or not
    password = credentials.partition(":")[2]
    yield from {password, unquote(password)} - {""}


def _masked(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
