"""Runs every check and prints a line for each thing found."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TextIO
from urllib.parse import unquote

from bot.commands import CommandRegistry
from bot.doctor import environment, hosts, slack, storage
from bot.doctor.finding import LOOK_HERE, WRONG, Check, Finding, Proof, from_error, look_here, wrong
from bot.doctor.resources import Resources
from bot.errors import SwarmbotError
from bot.secrets.secret import MASK
from bot.settings import Settings
from bot.text.suggest import listed

CHECKS: Final[tuple[Check, ...]] = (
    Check("The bot's token", environment.bot_token, proves="SLACK_BOT_TOKEN"),
    Check("The way in", environment.way_in),
    Check("Slack's address", environment.api_url),
    Check("swarmbot.yml", environment.config, proves="swarmbot.yml"),
    Check("The second factor", environment.second_factor, needs=("swarmbot.yml",)),
    Check("Slack and the bot's scopes", slack.token, needs=("SLACK_BOT_TOKEN",), proves="Slack"),
    Check("Socket Mode", slack.app_token),
    Check("The clusters' channels", slack.channels, needs=("swarmbot.yml", "Slack")),
    Check("User groups", slack.groups, needs=("swarmbot.yml", "Slack")),
    Check("People", slack.users, needs=("swarmbot.yml", "Slack")),
    Check("The approval rules", slack.approval_rules, needs=("swarmbot.yml", "Slack")),
    Check("Redis", storage.answers, proves="Redis"),
    Check("Redis' durability", storage.keeps, needs=("Redis",)),
    Check("The audit log", storage.audit, needs=("swarmbot.yml", "Redis")),
    Check("Backups", storage.backups, needs=("swarmbot.yml",)),
    Check("Hosts", hosts.hosts, needs=("swarmbot.yml",)),
)

_log = logging.getLogger(__name__)


def run_doctor(settings: Settings, commands: CommandRegistry, out: TextIO, checks: Iterable[Check] = CHECKS) -> int:
    """Print what each check finds; return the exit status: 1 if anything is wrong, 0 if all is well or only ``!``."""
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
    return 1 if signs[WRONG] else 0


def _findings(resources: Resources, checks: Iterable[Check]) -> Iterator[Finding]:
    unproved: set[Proof] = set()
    for check in checks:
        wanting = [proof for proof in check.needs if proof in unproved]
        bad = bool(wanting)
        if wanting:
            yield look_here(f"{check.about}: not looked at, for want of {listed(wanting)}.", "Mend that first.")
        else:
            for finding in _examined(check, resources):
                bad = bad or finding.sign == WRONG
                yield finding
        if bad and check.proves:
            unproved.add(check.proves)


def _examined(check: Check, resources: Resources) -> Iterator[Finding]:
    try:
        yield from check.examine(resources)
    except SwarmbotError as error:
        yield from_error(error)
    except Exception as error:  # noqa: BLE001 - one check's defect must not hide what the others find
        _log.debug("the check %r broke", check.about, exc_info=True)
        yield wrong(
            f"{check.about}: the check itself broke ({type(error).__name__}: {error}).",
            "Tell Swarmbot's makers; LOG_LEVEL=DEBUG shows the trace.",
        )


def _summary(signs: Counter[str]) -> str:
    if not signs[WRONG] and not signs[LOOK_HERE]:
        return "All is well."
    return f"Wrong: {signs[WRONG]}. To look at: {signs[LOOK_HERE]}."


def _secrets(settings: Settings) -> Iterator[str]:
    """Every secret of the settings, the password in REDIS_URL by itself too."""
    given = (
        settings.slack_bot_token,
        settings.slack_signing_secret,
        settings.slack_app_token,
        settings.swarmbot_secret_key,
        settings.redis_url,
    )
    yield from (secret.reveal() for secret in given if secret)
    credentials = settings.redis_url.reveal().partition("://")[2].rpartition("@")[0]  # of any text, URL or not
    password = credentials.partition(":")[2]
    yield from {password, unquote(password)} - {""}


def _masked(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
