"""Who may do what: pure, and the only place that decides it. Facts about user groups come from ``bot.usergroups``.

Each permission includes those below it: who may administer may operate, and who may operate may view. What is not
proved by the lists or by the groups in :class:`Membership` is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.config.models import EVERYONE, PERMISSIONS, Config, Permission
from bot.errors import Refused
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class Membership:
    """A Slack user (U…) and those of the user groups asked about (S…) that the user was seen to be in."""

    user: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Allow:
    """It may be done at once."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It may not be done; ``reason`` is what the person reads."""

    reason: Refused


Decision = Allow | Refuse


def decide(config: Config, permission: Permission, membership: Membership, doing: str) -> Decision:
    """Whether ``membership.user`` has ``permission``. ``doing`` is the deed in a refusal: ``promoting in prod``."""
    if has(config, permission, membership):
        return Allow()
    return Refuse(
        Refused(
            f"{doing} is for {named(config, permission)}, and you are not among them.",
            next_step="Ask one of them, or see `/swarm whoami`.",
        )
    )


def has(config: Config, permission: Permission, membership: Membership) -> bool:
    """Whether the lists give this person ``permission``."""
    who = _ids(config, permission)
    return EVERYONE in who or membership.user in who or not membership.groups.isdisjoint(who)


def permissions(config: Config, membership: Membership) -> tuple[Permission, ...]:
    """All that this person may do, the least first."""
    return tuple(each for each in PERMISSIONS if has(config, each, membership))


def groups_to_ask(config: Config, permission: Permission, user: str) -> frozenset[str]:
    """The user groups (S…) on which the decision hangs: none when the lists decide it by themselves."""
    who = _ids(config, permission)
    return frozenset() if EVERYONE in who or user in who else _groups(who)


def groups_named(config: Config) -> frozenset[str]:
    """Every user group that any rule rests on."""
    return _groups(_ids(config, "view"))


def named(config: Config, permission: Permission) -> str:
    """Who has ``permission``, as Slack shows it: ``@operators and @admins``."""
    entries = dict.fromkeys(_entries(config, permission))
    if EVERYONE in entries:
        return EVERYONE
    return listed(shown(config, entry) for entry in entries) or "nobody"


def shown(config: Config, entry: str) -> str:
    """An entry of a rule as Slack shows it: ``@admins`` for a name of swarmbot.yml, a mention for an id."""
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
