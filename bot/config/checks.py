"""Checks across the parts of swarmbot.yml; each yields the path of a key and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from bot.config.approvals import ApprovalRule
from bot.config.document import Path
from bot.config.models import EVERYONE, NO_JUMP, PERMISSIONS, SSH_PORT, Config, Host
from bot.text.suggest import did_you_mean, listed

Found = Iterator[tuple[Path, str]]
Check = Callable[[Config], Found]

# A rule may contain ids. Slack ids have nine characters or more; a shorter word without a digit (`SRE`) counts as a
# name, so that a name that is missing from `people` is reported.
_ID = re.compile(r"[USW](?=[A-Z0-9]*[0-9])[A-Z0-9]{2,}|[USW][A-Z]{8,}")


def channels_are_unique(config: Config) -> Found:
    """Each cluster has its own channel."""
    first: dict[str, str] = {}
    for name, cluster in config.clusters.items():
        other = first.setdefault(cluster.channel, name)
        if other != name:
            yield (
                ("clusters", name, "channel"),
                f"is `{cluster.channel}`, which is already the channel of `{other}`: each cluster needs its own.",
            )


def hosts_are_unique(config: Config) -> Found:
    """No machine has two names in one cluster. One address with several ports stands for several machines."""
    for name, cluster in config.clusters.items():
        first: dict[tuple[str, int], str] = {}
        for host_name, host in cluster.hosts.items():
            port = host.port or config.ssh.port or SSH_PORT
            other = first.setdefault((host.address.casefold(), port), host_name)
            if other != host_name:
                yield (
                    ("clusters", name, "hosts", host_name),
                    f"has the address `{host.address}`, which is already the address of `{other}`.",
                )


def jump_hosts_exist(config: Config) -> Found:
    """A jump is an address, or a host in the file."""
    hosts = {name for cluster in config.clusters.values() for name in cluster.hosts}
    for path, jump in _jumps(config):
        if is_host_name(jump) and jump not in hosts:
            meant = did_you_mean(jump, hosts)
            outside = f"For a machine outside all clusters, write `user@{jump}` or its address."
            yield path, f"is `{jump}`, but no host has that name.{meant} {outside}"


def jumps_have_no_loop(config: Config) -> Found:
    """No host is its own jump host."""
    all_hosts = {name: host for cluster in config.clusters.values() for name, host in cluster.hosts.items()}
    for name, cluster in config.clusters.items():
        hosts = {**all_hosts, **cluster.hosts}
        for host_name in cluster.hosts:
            route = [host_name]
            while (jump := _jump_of(config, hosts[route[-1]], route[-1])) in hosts:
                if jump in route:
                    yield (
                        ("clusters", name, "hosts", host_name, "jump"),
                        f"forms a loop: {' → '.join([*route, jump])}.",
                    )
                    break
                route.append(jump)


def rules_name_people(config: Config) -> Found:
    """Each entry of a rule is a name from ``people``, a Slack id, or ``everyone``."""
    for path, entries in rule_lists(config):
        for index, entry in enumerate(entries):
            if entry in config.people or _ID.fullmatch(entry) or entry == EVERYONE:
                continue
            yield (
                (*path, index),
                f"is `{entry}`, but `people` has no such name.{did_you_mean(entry, config.people)}"
                + (f" Names: {listed(f'`{name}`' for name in config.people)}." if config.people else ""),
            )


def approvers_are_named(config: Config) -> Found:
    """Approvers are listed: ``everyone`` cannot approve."""
    for path, entries in rule_lists(config):
        if "approvals" in path and EVERYONE in entries:
            yield (*path, entries.index(EVERYONE)), "is `everyone`: list the people who may approve."


def everyone_is_reserved(config: Config) -> Found:
    """``everyone`` has a special meaning in rules."""
    if EVERYONE in config.people:
        yield ("people", EVERYONE), "is a reserved word: give these people another name."


def somebody_administers(config: Config) -> Found:
    """Somebody may administer, and not everyone."""
    entries = config.rules.administer
    if EVERYONE in entries:
        yield ("rules", "administer"), "is `everyone`: list the people who may administer the clusters."
    elif not any(config.people.get(entry, (entry,)) for entry in entries):
        yield (
            ("rules", "administer"),
            "lists nobody, so nobody could promote, remove or rotate: list at least one person.",
        )


def webhooks_name_clusters(config: Config) -> Found:
    """Each cluster of a webhook is in the file."""
    for name, webhook in config.watch.webhooks.items():
        for index, cluster in enumerate(webhook.clusters):
            if cluster not in config.clusters:
                yield (
                    ("watch", "webhooks", name, "clusters", index),
                    f"is `{cluster}`, but no cluster has that name. Clusters: "
                    + listed(f"`{each}`" for each in config.clusters)
                    + ".",
                )


CHECKS: tuple[Check, ...] = (
    channels_are_unique,
    hosts_are_unique,
    jump_hosts_exist,
    jumps_have_no_loop,
    rules_name_people,
    approvers_are_named,
    everyone_is_reserved,
    somebody_administers,
    webhooks_name_clusters,
)


def is_host_name(jump: str) -> bool:
    """Return whether ``jump`` is a host name from the file: one word, without user, port or domain."""
    return jump.lower() != NO_JUMP and not any(mark in jump for mark in "@:.[")


def rule_lists(config: Config) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield every list of people in the rules, with its path."""
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
