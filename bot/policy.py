"""Who may do what: pure, and the only place that decides it. Group memberships come from ``bot.usergroups``.

Each permission includes the lower ones: who may administer may operate, and who may operate may view. What the lists
and the groups in :class:`Membership` do not prove is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.config.models import EVERYONE, PERMISSIONS, Config, Permission
from bot.errors import NotAllowed
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class Membership:
    """A Slack user and the user groups that contain the user."""

    user: str
    """U…"""
    groups: frozenset[str] = frozenset()
    """S…; only groups that were asked about."""
    unknown: frozenset[str] = frozenset()
    """S…; groups that were asked about and could not be read."""


@dataclass(frozen=True, slots=True)
class Allow:
    """The person has the permission."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The person does not have the permission; ``reason`` is shown to them."""

    reason: NotAllowed


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The person may have the permission through ``groups`` (S…), which could not be read."""

    groups: frozenset[str]


Decision = Allow | Refuse | Unsettled


def decide(config: Config, permission: Permission, membership: Membership, command: str) -> Decision:
    """Decide whether ``membership.user`` has ``permission``.

    ``command`` is what a refusal calls the command: "`/swarm promote host-3` in prod".
    """
    if has(config, permission, membership):
        return Allow()
    if unread := membership.unknown & _ids(config, permission):
        return Unsettled(unread)
    if not _ids(config, permission):
        return Refuse(
            NotAllowed(
                f"You can't run {command}: swarmbot.yml allows nobody to {permission}.",
                next_step="`/swarm whoami` lists your permissions.",
            )
        )
    return Refuse(
        NotAllowed(
            f"You can't run {command}: it needs {named(config, permission, joint='or')}.",
            next_step="Ask one of them; `/swarm whoami` lists your permissions.",
        )
    )


def has(config: Config, permission: Permission, membership: Membership) -> bool:
    """Return whether the lists give this person ``permission``."""
    who = _ids(config, permission)
    return EVERYONE in who or membership.user in who or not membership.groups.isdisjoint(who)


def permissions(config: Config, membership: Membership) -> tuple[Permission, ...]:
    """Return the permissions of this person, the lowest first."""
    return tuple(each for each in PERMISSIONS if has(config, each, membership))


def unsettled(config: Config, membership: Membership) -> tuple[Permission, ...]:
    """Return the permissions that this person may have through a group that could not be read, the lowest first."""
    return tuple(each for each in PERMISSIONS if isinstance(decide(config, each, membership, ""), Unsettled))


def groups_to_ask(config: Config, permission: Permission, user: str) -> frozenset[str]:
    """Return the user groups (S…) that decide: none if the lists alone decide."""
    who = _ids(config, permission)
    return frozenset() if EVERYONE in who or user in who else _groups(who)


def groups_named(config: Config) -> frozenset[str]:
    """Return all user groups (S…) of the rules."""
    return _groups(_ids(config, "view"))


def named(config: Config, permission: Permission, *, joint: str = "and") -> str:
    """Return who has ``permission``, as Slack shows it: ``@operators and @admins``."""
    entries = dict.fromkeys(_entries(config, permission))
    if EVERYONE in entries:
        return EVERYONE
    return listed((shown(config, entry) for entry in entries), joint=joint) or "nobody"


def shown(config: Config, entry: str) -> str:
    """Return an entry of a rule as Slack shows it: ``@admins`` for a name in swarmbot.yml, a mention for an id."""
    if entry in config.people:
        return f"@{entry}"
    return f"<!subteam^{entry}>" if entry.startswith("S") else f"<@{entry}>"


def _entries(config: Config, permission: Permission) -> Iterator[str]:
    for each in PERMISSIONS[PERMISSIONS.index(permission) :]:
        yield from getattr(config.rules, each)


def _ids(config: Config, permission: Permission) -> frozenset[str]:
    entries = _entries(config, permission)
    return frozenset(each for entry in entries for each in config.people.get(entry, (entry,)))


def _groups(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(each for each in ids if each.startswith("S"))
