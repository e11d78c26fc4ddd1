"""Slack: the token and its scopes, the clusters' channels, the people and groups that rules rest on."""

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
from bot.doctor.finding import Finding, look_here, well, wrong
from bot.doctor.resources import Resources
from bot.errors import Failed
from bot.text.suggest import listed

MANIFEST: Final = Path(__file__).parents[2] / "manifest.json"
REINSTALL: Final = (
    "Import manifest.json at https://api.slack.com/apps → your app → App Manifest, then reinstall the app."
)
DEAD_TOKEN: Final = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")
ADD_APPROVERS: Final = "Name more people in `by`, or ask for fewer (`count`): `approvals` in swarmbot.yml."
NEXT_STEPS: Final = {
    **dict.fromkeys(
        DEAD_TOKEN, "Put the app's present token into the environment; https://api.slack.com/apps shows it."
    ),
    "missing_scope": REINSTALL,
    "forbidden": "Switch it on: https://api.slack.com/apps → your app → Socket Mode. For `web` unset SLACK_APP_TOKEN.",
    "ratelimited": "Wait a minute and try again.",
}


def token(resources: Resources) -> Iterator[Finding]:
    """The bot's token, and its scopes, which Slack names in a header of every answer."""
    with _asking("auth.test"):
        answer = resources.slack.auth_test()
    yield well(f"Slack knows the bot: @{answer['user']} in {answer['team']}.")
    needed = set(json.loads(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    granted = {scope.strip() for scope in _header(answer.headers, "x-oauth-scopes").split(",")}
    missing = sorted(needed - granted)
    if missing:
        yield wrong(f"The bot lacks the scope{'s' * (len(missing) > 1)} {listed(missing)}.", REINSTALL)
    else:
        yield well(f"It has the {len(needed)} scopes that manifest.json asks for.")


def app_token(resources: Resources) -> Iterator[Finding]:
    """The app's token, by asking for a Socket Mode address, which is thrown away."""
    secret = resources.settings.slack_app_token
    if secret is not None:
        with _asking("apps.connections.open"):
            resources.slack_with(secret).apps_connections_open(app_token=secret.reveal())
        yield well("Slack lets the app connect by Socket Mode.")


def channels(resources: Resources) -> Iterator[Finding]:
    """The bot is in each cluster's channel."""
    for name, cluster in resources.config.clusters.items():
        yield _channel(resources, name, cluster.channel)


def groups(resources: Resources) -> Iterator[Finding]:
    """Each user group that is named is there, not disabled, and not empty."""
    named = _ids(resources.config, "S")
    if not named:
        return
    with _asking("usergroups.list"):
        answer = resources.slack.usergroups_list(include_disabled=True, include_count=True)
    there: dict[str, dict[str, Any]] = {group["id"]: group for group in answer["usergroups"]}
    for group, place in named.items():
        found = there.get(group)
        if found is None:
            yield wrong(f"{place}: Slack has no user group {group}.", "Copy its id from the group's menu in Slack.")
        elif found["date_delete"]:
            yield wrong(
                f"{place}: the user group @{found['handle']} is disabled.", "Enable it in Slack, or name another."
            )
        elif int(found.get("user_count") or 0) == 0:
            yield look_here(f"{place}: nobody is in the user group @{found['handle']}.", "Add people to it in Slack.")
        else:
            yield well(f"{place}: the user group @{found['handle']} is there.")


def members_of(resources: Resources, group: str) -> frozenset[str]:
    """Who is in a user group: nobody where it is gone, of which :func:`groups` tells."""
    with _asking("usergroups.users.list"):
        try:
            return frozenset(resources.slack.usergroups_users_list(usergroup=group).get("users") or ())
        except SlackApiError as error:
            if error.response.get("error") != "no_such_subteam":
                raise
            return frozenset()


def users(resources: Resources) -> Iterator[Finding]:
    """Each user that is named is there and active."""
    named = _ids(resources.config, "UW")
    there = 0
    for user, place in named.items():
        problem = _user(resources, user, place)
        there += problem is None
        if problem:
            yield problem
    if there:
        yield well(f"{there} of {len(named)} people named in swarmbot.yml are there.")


def approval_rules(resources: Resources) -> Iterator[Finding]:
    """Each rule can be satisfied, by everybody who may ask."""
    counts = resources.commands.approval_counts()
    groups = approver_groups(resources.config, (rule for _, rule in every_rule(resources.config, counts)))
    problems = unsatisfiable(resources.config, {group: members_of(resources, group) for group in groups}, counts)
    for problem in problems:
        yield wrong(problem.words, ADD_APPROVERS) if problem.grave else look_here(problem.words, ADD_APPROVERS)
    if not problems:
        yield well("There are people enough for every approval rule.")


def _channel(resources: Resources, cluster: str, channel: str) -> Finding:
    with _asking("conversations.info"):
        try:
            found = resources.slack.conversations_info(channel=channel)["channel"]
        except SlackApiError as error:
            if error.response.get("error") != "channel_not_found":
                raise
            return wrong(
                f"{cluster}: Slack has no channel {channel}, or it is private and the bot is not in it.",
                "Check `channel` in swarmbot.yml, and type `/invite @swarmbot` there.",
            )
    if found.get("is_archived"):
        return wrong(f"{cluster}: its channel #{found['name']} is archived.", "Unarchive it, or name another.")
    if not found.get("is_member"):
        return wrong(f"{cluster}: the bot is not in #{found['name']}.", "Type `/invite @swarmbot` there.")
    return well(f"{cluster}: the bot is in #{found['name']}.")


def _user(resources: Resources, user: str, place: str) -> Finding | None:
    with _asking("users.info"):
        try:
            found = resources.slack.users_info(user=user)["user"]
        except SlackApiError as error:
            if error.response.get("error") not in {"user_not_found", "user_not_visible"}:
                raise
            return wrong(f"{place}: Slack has no user {user}.", "Copy the id from the menu of the person's profile.")
    if found.get("deleted"):
        return look_here(f"{place}: {user} (@{found.get('name')}) is deactivated.", "Take the id out.")
    return None


def _ids(config: Config, kinds: str) -> dict[str, str]:
    """The ids that start with one of ``kinds``, and the key of swarmbot.yml under which each stands first."""
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
def _asking(method: str) -> Iterator[None]:
    """Turn what the SDK raises into words."""
    try:
        yield
    except SlackApiError as error:
        said = str(error.response.get("error") or f"HTTP {error.response.status_code}")
        needed = error.response.get("needed")
        step = NEXT_STEPS.get(said, f"See https://api.slack.com/methods/{method}.")
        raise Failed(
            f"Slack answered {method} with `{said}`{f' ({needed})' if needed else ''}.", next_step=step
        ) from None
    except (SlackClientError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Failed(
            f"Slack cannot be asked ({method}): {reason}.",
            next_step="See that this machine reaches https://slack.com (proxy, firewall, DNS), or check SLACK_API_URL.",
        ) from None
