"""How SSH reaches a host: swarmbot.yml first, then ``~/.ssh/config`` for keys that are not set."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko

from bot.blocks import plain_line
from bot.config import Config, Host, Ssh
from bot.config.models import NO_JUMP, SSH_PORT
from bot.errors import Misconfigured

SSH_CONFIG = Path("~/.ssh/config").expanduser()
SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True)
class SshTarget:
    """The host at one end of an SSH connection, with all defaults filled in."""

    name: str
    """The host's name in swarmbot.yml; for a jump host that is not listed there, the value of ``jump``."""
    address: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    """Private keys, or public ones whose private key is in the agent; if empty, OpenSSH's default files are used."""
    known_hosts: tuple[Path, ...]
    key_alias: str | None = None
    """OpenSSH's HostKeyAlias."""
    jump: SshTarget | None = None
    identities_only: bool = False
    """OpenSSH's IdentitiesOnly: the agent's keys are used only for identity files."""
    unsupported: str = ""
    """What ~/.ssh/config asks for that is not supported: then no connection is tried."""

    @property
    def known_as(self) -> str:
        """The name under which known_hosts files list its keys."""
        name = self.key_alias or self.address
        return name if self.port == SSH_PORT or self.key_alias else f"[{name}]:{self.port}"

    @property
    def known_names(self) -> tuple[str, ...]:
        """The names to look up in known_hosts files: if the first is not listed, the next counts."""
        return (self.known_as,) if self.key_alias or self.port == SSH_PORT else (self.known_as, self.address)

    @property
    def route(self) -> tuple[SshTarget, ...]:
        """The jump hosts, the nearest to us first, and the host."""
        return (*(self.jump.route if self.jump else ()), self)


class Targets:
    """Resolves the hosts of one cluster to SSH targets."""

    def __init__(self, config: Config, cluster: str, ssh_config: paramiko.SSHConfig) -> None:
        self._ssh = config.ssh
        self._hosts = config.clusters[cluster].hosts
        # A bastion may be listed under one cluster and serve the others as well.
        self._elsewhere = {name: host for other in config.clusters.values() for name, host in other.hosts.items()}
        self._ssh_config = ssh_config

    def target(self, name: str) -> SshTarget:
        """Resolve the host ``name``. Raises Misconfigured; KeyError if it is not in the cluster."""
        return self._target(name, self._hosts[name], ())

    def names(self) -> tuple[str, ...]:
        """The names of the cluster's hosts, in the file's order."""
        return tuple(self._hosts)

    def socket(self, name: str) -> str:
        """The path of the engine's socket on the host ``name``."""
        return self._hosts[name].socket or self._ssh.socket

    def _target(self, name: str, host: Host, seen: tuple[str, ...]) -> SshTarget:
        if name in seen:
            raise Misconfigured(
                f"The jump hosts of `{seen[0]}` form a loop: {' → '.join((*seen, name))}.",
                next_step="Correct `jump` in swarmbot.yml or ProxyJump in ~/.ssh/config.",
            )
        options, unsupported = self._lookup(host.address)
        identity = host.identity_file or self._ssh.identity_file
        jump = host.jump or (self._ssh.jump if self._ssh.jump != name else None) or options.get("proxyjump")
        if options.get("proxycommand") and not jump:
            unsupported = "it sets ProxyCommand, which is not supported"
        return SshTarget(
            name=name,
            address=options.get("hostname", host.address),
            port=host.port or self._ssh.port or int(options.get("port", SSH_PORT)),
            user=host.user or self._ssh.user or options.get("user") or getpass.getuser(),
            identity_files=(identity,) if identity else tuple(Path(p) for p in options.get("identityfile", ())),
            known_hosts=_known_hosts(self._ssh, options.get("userknownhostsfile")),
            key_alias=options.get("hostkeyalias"),
            jump=self._jump(jump, (*seen, name)) if jump and jump.lower() != NO_JUMP else None,
            identities_only=options.get("identitiesonly", "no").lower() in {"yes", "true"},
            unsupported=unsupported,
        )

    def _jump(self, chain: str, seen: tuple[str, ...]) -> SshTarget:
        """Resolve ``first,second``: the last one is nearest to the host and is reached through those before it."""
        before, _, last = chain.rpartition(",")
        host = self._hosts.get(last) or self._elsewhere.get(last) or _parse_jump(last)
        target = self._target(last, host, seen)
        return replace(target, jump=self._jump(before, (*seen, last))) if before else target

    def _lookup(self, address: str) -> tuple[paramiko.SSHConfigDict, str]:
        """Return what ~/.ssh/config says of a host, and why it cannot be applied."""
        try:
            return self._ssh_config.lookup(address), ""
        except (KeyError, ImportError, paramiko.SSHException) as error:
            # Match exec and CanonicalizeHostname need packages that are not installed.
            return paramiko.SSHConfigDict(), f"it cannot be applied: {plain_line(str(error))}"


def _known_hosts(ssh: Ssh, from_ssh_config: str | None) -> tuple[Path, ...]:
    if "known_hosts" in ssh.model_fields_set or not from_ssh_config:
        return (ssh.known_hosts, SYSTEM_KNOWN_HOSTS)
    return (*(Path(path).expanduser() for path in from_ssh_config.split()), SYSTEM_KNOWN_HOSTS)


def _parse_jump(text: str) -> Host:
    """Read ``[user@]address[:port]``; an IPv6 address with a port is in brackets."""
    user, _, place = text.strip().rpartition("@")
    address, port = place, ""
    if place.startswith("["):
        address, _, rest = place[1:].partition("]")
        port = rest.removeprefix(":")
    elif place.count(":") == 1:
        address, _, port = place.partition(":")
    try:
        if address:
            return Host(address=address, user=user or None, port=int(port) if port else None)
    except ValueError:  # int's, or the model's
        pass
    raise Misconfigured(
        f"`{text}` is not a valid jump host.", next_step="Use the name of a host or `[user@]address[:port]`."
    )
