"""Slack: the token and its scopes, the clusters' channels, the people and groups in the rules, the approval rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.approvals.rule import approver_groups
from bot.approvals.rule_check import every_rule, unsatisfiable
from bot.config import Config
from bot.config.checks import rule_lists
from bot.config.document import dotted
from bot.doctor.finding import DoctorFinding, ok, problem, warning
from bot.doctor.resources import Resources
from bot.errors import Failed
from bot.text.suggest import listed

MANIFEST: Final = Path(__file__).parents[2] / "manifest.json"
REINSTALL: Final = (
    "Import manifest.json (with Socket Mode: manifest-socket-mode.json) at https://api.slack.com/apps → your app → "
    "App Manifest, then reinstall the app."
)
DEAD_TOKEN: Final = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")
ADD_APPROVERS: Final = "Add people to `by`, or require fewer (`count`), under `approvals` in swarmbot.yml."
NEXT_STEPS: Final = {
    **dict.fromkeys(DEAD_TOKEN, "Set the app's current token in the environment; https://api.slack.com/apps shows it."),
    "missing_scope": REINSTALL,
    "forbidden": "Enable it: https://api.slack.com/apps → your app → Socket Mode. For `web`, unset SLACK_APP_TOKEN.",
    "ratelimited": "Wait a minute and try again.",
}


def token(resources: Resources) -> Iterator[DoctorFinding]:
    """The bot token and its scopes, which Slack lists in a header of each response."""
    with _slack_errors("auth.test"):
        answer = resources.slack.auth_test()
    yield ok(f"Slack accepts the bot token: @{answer['user']} in {answer['team']}.")
    needed = set(json.loads(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    listed_scopes = _header(answer.headers, "x-oauth-scopes")
    missing = sorted(needed - {scope.strip() for scope in listed_scopes.split(",")})
    if not listed_scopes:
        yield warning(
            "Slack did not say which scopes the bot has: its answer has no header `x-oauth-scopes`.",
            "If a proxy is between Swarmbot and Slack, let it pass this header.",
        )
    elif missing:
        yield problem(f"The bot lacks the scope{'s' * (len(missing) > 1)} {listed(missing)}.", REINSTALL)
    else:
        yield ok(f"The bot has the {len(needed)} scopes of manifest.json.")


def app_token(resources: Resources) -> Iterator[DoctorFinding]:
    """The app token: request a Socket Mode address, which is discarded."""
    secret = resources.settings.slack_app_token
    if secret is not None:
        with _slack_errors("apps.connections.open"):
            resources.slack_with(secret).apps_connections_open(app_token=secret.reveal())
        yield ok("The app can connect by Socket Mode.")


def channels(resources: Resources) -> Iterator[DoctorFinding]:
    """The bot is a member of each cluster's channel."""
    for name, cluster in resources.config.clusters.items():
        yield _channel(resources, name, cluster.channel)


def groups(resources: Resources) -> Iterator[DoctorFinding]:
    """Each user group in swarmbot.yml exists, is enabled and is not empty."""
    named = _ids(resources.config, "S")
    if not named:
        return
    with _slack_errors("usergroups.list"):
        answer = resources.slack.usergroups_list(include_disabled=True, include_count=True)
    there: dict[str, dict[str, Any]] = {group["id"]: group for group in answer["usergroups"]}
    for group, place in named.items():
        found = there.get(group)
        if found is None:
            yield problem(f"{place}: Slack has no user group {group}.", "Copy its id from the group's menu in Slack.")
        elif found["date_delete"]:
            yield problem(
                f"{place}: the user group @{found['handle']} is disabled.", "Enable it in Slack, or use another one."
            )
        elif int(found.get("user_count") or 0) == 0:
            yield warning(f"{place}: the user group @{found['handle']} is empty.", "Add people to it in Slack.")
        else:
            yield ok(f"{place}: the user group @{found['handle']} exists.")


def members_of(resources: Resources, group: str) -> frozenset[str]:
    """Return the members of a user group; empty if it does not exist, which :func:`groups` reports."""
    with _slack_errors("usergroups.users.list"):
        try:
            return frozenset(resources.slack.usergroups_users_list(usergroup=group).get("users") or ())
        except SlackApiError as error:
            if error.response.get("error") != "no_such_subteam":
                raise
            return frozenset()


def users(resources: Resources) -> Iterator[DoctorFinding]:
    """Each user in swarmbot.yml exists and is active."""
    named = _ids(resources.config, "UW")
    there = 0
    for user, place in named.items():
        finding = _user(resources, user, place)
        there += finding is None
        if finding:
            yield finding
    if there:
        yield ok(f"{there} of {len(named)} people in swarmbot.yml exist and are active.")


def approval_rules(resources: Resources) -> Iterator[DoctorFinding]:
    """Each approval rule can be satisfied for every requester."""
    counts = resources.commands.approval_counts()
    groups = approver_groups(resources.config, (rule for _, rule in every_rule(resources.config, counts)))
    problems = unsatisfiable(resources.config, {group: members_of(resources, group) for group in groups}, counts)
    for found in problems:
        yield (problem if found.grave else warning)(found.words, ADD_APPROVERS)
    if not problems:
        yield ok("Every approval rule has enough people.")


def _channel(resources: Resources, cluster: str, channel: str) -> DoctorFinding:
    with _slack_errors("conversations.info"):
        try:
            found = resources.slack.conversations_info(channel=channel)["channel"]
        except SlackApiError as error:
            if error.response.get("error") != "channel_not_found":
                raise
            return problem(
                f"{cluster}: Slack has no channel {channel}, or it is private and the bot is not a member.",
                "Check `channel` in swarmbot.yml, and type `/invite @swarmbot` there.",
            )
    if found.get("is_archived"):
        return problem(f"{cluster}: its channel #{found['name']} is archived.", "Unarchive it, or use another one.")
    if not found.get("is_member"):
        return problem(f"{cluster}: the bot is not a member of #{found['name']}.", "Type `/invite @swarmbot` there.")
    return ok(f"{cluster}: the bot is a member of #{found['name']}.")


def _user(resources: Resources, user: str, place: str) -> DoctorFinding | None:
    with _slack_errors("users.info"):
        try:
            found = resources.slack.users_info(user=user)["user"]
        except SlackApiError as error:
            if error.response.get("error") not in {"user_not_found", "user_not_visible"}:
                raise
            return problem(f"{place}: Slack has no user {user}.", "Copy the id from the menu of the person's profile.")
    if found.get("deleted"):
        return warning(f"{place}: {user} (@{found.get('name')}) is deactivated.", "Remove the id from swarmbot.yml.")
    return None


def _ids(config: Config, kinds: str) -> dict[str, str]:
    """Return the ids that start with one of ``kinds``, each with the first key of swarmbot.yml that has it."""
    named: dict[str, str] = {}
    for path, ids in (*((("people", name), ids) for name, ids in config.people.items()), *rule_lists(config)):
        for each in ids:
            if each.startswith(tuple(kinds)) and (path[0] == "people" or each not in config.people):
                named.setdefault(each, dotted(path))
    return named


def _header(headers: dict[str, Any], name: str) -> str:
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return ",".join(value) if isinstance(value, list) else str(value)


@contextmanager
def _slack_errors(method: str) -> Iterator[None]:
    """Turn the SDK's exceptions into :class:`~bot.errors.Failed`."""
    try:
        yield
    except SlackApiError as error:
        code = str(error.response.get("error") or f"HTTP {error.response.status_code}")
        needed = error.response.get("needed")
        step = NEXT_STEPS.get(code, f"See https://api.slack.com/methods/{method}.")
        raise Failed(
            f"Slack answered {method} with `{code}`{f' ({needed})' if needed else ''}.", next_step=step
        ) from None
    except (SlackClientError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Failed(
            f"A request to Slack failed ({method}): {reason}.",
            next_step="Check that this machine reaches https://slack.com (proxy, firewall, DNS); check SLACK_API_URL.",
        ) from None
