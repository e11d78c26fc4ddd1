"""What must hold between the parts of swarmbot.yml, each in a check of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from bot.config.approvals import ApprovalRule
from bot.config.document import Path
from bot.config.models import EVERYONE, NO_JUMP, PERMISSIONS, SSH_PORT, Config, Host
from bot.text.suggest import listed, nearest

Found = Iterator[tuple[Path, str]]
Check = Callable[[Config], Found]

# A rule may name an id directly. Slack's ids are nine characters and more; a shorter word without a digit (`SRE`) is
# taken for a name, so that a name missing from `people` is told rather than believed to be an id.
_ID = re.compile(r"[USW](?=[A-Z0-9]*[0-9])[A-Z0-9]{2,}|[USW][A-Z]{8,}")


def channels_are_bound_once(config: Config) -> Found:
    """A channel means one cluster."""
    first: dict[str, str] = {}
    for name, cluster in config.clusters.items():
        other = first.setdefault(cluster.channel, name)
        if other != name:
            yield (
                ("clusters", name, "channel"),
                f"is `{cluster.channel}`, which already means `{other}`: a channel means one cluster.",
            )


def hosts_are_listed_once(config: Config) -> Found:
    """No machine has two names in one cluster. One address with several ports is several machines behind it."""
    for name, cluster in config.clusters.items():
        first: dict[tuple[str, int], str] = {}
        for host_name, host in cluster.hosts.items():
            port = host.port or config.ssh.port or SSH_PORT
            other = first.setdefault((host.address.casefold(), port), host_name)
            if other != host_name:
                yield (
                    ("clusters", name, "hosts", host_name),
                    f"has the address `{host.address}`, which is `{other}`'s already: one machine, one name.",
                )


def jumps_are_known(config: Config) -> Found:
    """A jump is an address, or a host of the file."""
    hosts = {name for cluster in config.clusters.values() for name in cluster.hosts}
    for path, jump in _jumps(config):
        if is_host_name(jump) and jump not in hosts:
            close = nearest(jump, hosts)
            yield (
                path,
                f"is `{jump}`, and no host has that name."
                + (f" Did you mean `{close}`?" if close else "")
                + f" For a machine that is in no cluster write `user@{jump}` or its address.",
            )


def jumps_arrive(config: Config) -> Found:
    """No host is reached through itself."""
    everywhere = {name: host for cluster in config.clusters.values() for name, host in cluster.hosts.items()}
    for name, cluster in config.clusters.items():
        hosts = {**everywhere, **cluster.hosts}
        for host_name in cluster.hosts:
            way = [host_name]
            while (jump := _jump_of(config, hosts[way[-1]], way[-1])) in hosts:
                if jump in way:
                    yield (
                        ("clusters", name, "hosts", host_name, "jump"),
                        f"goes in a circle: {' → '.join([*way, jump])}.",
                    )
                    break
                way.append(jump)


def rules_name_people(config: Config) -> Found:
    """Each entry of a rule is a name of ``people``, a Slack id, or everyone."""
    for path, entries in rule_lists(config):
        for index, entry in enumerate(entries):
            if entry in config.people or _ID.fullmatch(entry) or entry == EVERYONE:
                continue
            close = nearest(entry, config.people)
            yield (
                (*path, index),
                f"is `{entry}`, and `people` has no such name."
                + (f" Did you mean `{close}`?" if close else "")
                + (f" Names: {listed(f'`{name}`' for name in config.people)}." if config.people else ""),
            )


def approvers_are_named(config: Config) -> Found:
    """Not everyone can say yes: who may is a list of people."""
    for path, entries in rule_lists(config):
        if "approvals" in path and EVERYONE in entries:
            yield (*path, entries.index(EVERYONE)), "is `everyone`: name the people whose yes counts."


def everyone_is_no_name(config: Config) -> Found:
    """``everyone`` has its own meaning in a rule."""
    if EVERYONE in config.people:
        yield ("people", EVERYONE), "is a word of the rules: give these people another name."


def somebody_administers(config: Config) -> Found:
    """Somebody, and not everybody, may administer."""
    entries = config.rules.administer
    if EVERYONE in entries:
        yield ("rules", "administer"), "is `everyone`: name the people who may change who manages a cluster."
    elif not any(config.people.get(entry, (entry,)) for entry in entries):
        yield (
            ("rules", "administer"),
            "names nobody, so nobody could promote, remove or rotate: name at least one person.",
        )


CHECKS: tuple[Check, ...] = (
    channels_are_bound_once,
    hosts_are_listed_once,
    jumps_are_known,
    jumps_arrive,
    rules_name_people,
    approvers_are_named,
    everyone_is_no_name,
    somebody_administers,
)


def is_host_name(jump: str) -> bool:
    """Whether a ``jump`` is meant as the name of a host of the file: a bare word, without user, port or domain."""
    return jump.lower() != NO_JUMP and not any(mark in jump for mark in "@:.[")


def rule_lists(config: Config) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every list of a rule and where it stands."""
    rules = config.rules
    yield from ((("rules", right), getattr(rules, right)) for right in PERMISSIONS)
    places: list[tuple[Path, Mapping[str, ApprovalRule]]] = [(("rules",), rules.approvals)]
    places += [(("clusters", name), cluster.approvals) for name, cluster in config.clusters.items()]
    for place, approvals in places:
        for subject, rule in approvals.items():
            yield (*place, "approvals", subject, "by"), rule.by or ()


def _jumps(config: Config) -> Iterator[tuple[Path, str]]:
    if config.ssh.jump:
        yield ("ssh", "jump"), config.ssh.jump
    for name, cluster in config.clusters.items():
        for host_name, host in cluster.hosts.items():
            if host.jump:
                yield ("clusters", name, "hosts", host_name, "jump"), host.jump


def _jump_of(config: Config, host: Host, name: str) -> str:
    default = config.ssh.jump if config.ssh.jump != name else ""
    jump = host.jump or default or ""
    return jump if is_host_name(jump) else ""
