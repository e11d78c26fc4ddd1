"""swarmbot.yml and ~/.ssh/config give one SSH target with its jump hosts."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import Any

import paramiko
import pytest

from bot.config import Config
from bot.engine.pool import EnginePool
from bot.engine.ssh.client_config import read_ssh_config
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.target import SYSTEM_KNOWN_HOSTS, SshTarget, Targets
from bot.errors import HostUnreachable, Misconfigured

SSH_CONFIG = """
Host host.example
  HostName 192.0.2.9
  Port 2200
  User config-user
  IdentityFile /keys/one
  IdentityFile /keys/two
  UserKnownHostsFile /known/a /known/b
  HostKeyAlias host-alias
  ProxyJump one@first.example:2201,second.example
Host first.example
  User never
"""


def config(hosts: dict[str, Any], ssh: dict[str, Any] | None = None) -> Config:
    """Return a configuration with one cluster, prod."""
    return Config.model_validate({"ssh": ssh or {}, "clusters": {"prod": {"channel": "C0PROD", "hosts": hosts}}})


def resolve(host: Any, ssh: dict[str, Any] | None = None, ssh_config: str = "", **others: Any) -> SshTarget:
    """Return the target of the host ``h``."""
    parsed = paramiko.SSHConfig.from_text(ssh_config)
    return Targets(config({"h": host, **others}, ssh), "prod", parsed).target("h")


def chain(target: SshTarget) -> list[str]:
    """Return the route to ``target``, nearest to us first."""
    before = chain(target.jump) if target.jump else []
    return [*before, f"{target.user}@{target.address}:{target.port}"]


def test_defaults() -> None:
    """Only an address: port 22, this process's user, the usual known_hosts, no identity file, no jump host."""
    target = resolve("192.0.2.1")
    assert target == SshTarget(
        name="h",
        address="192.0.2.1",
        port=22,
        user=getpass.getuser(),
        identity_files=(),
        known_hosts=(Path("~/.ssh/known_hosts").expanduser(), SYSTEM_KNOWN_HOSTS),
    )


def test_ssh_config_applies_to_keys_that_are_not_set() -> None:
    """All of OpenSSH's options count unless swarmbot.yml sets the key."""
    target = resolve("host.example", ssh_config=SSH_CONFIG)
    assert chain(target) == [
        "one@first.example:2201",
        f"{getpass.getuser()}@second.example:22",
        "config-user@192.0.2.9:2200",
    ]
    assert target.identity_files == (Path("/keys/one"), Path("/keys/two"))
    assert target.known_hosts == (Path("/known/a"), Path("/known/b"), SYSTEM_KNOWN_HOSTS)
    assert target.known_as == "host-alias"


def test_swarmbot_yml_comes_first() -> None:
    """The host's keys count first, then the file's defaults, then OpenSSH's file."""
    ssh = {"user": "all", "identity_file": "/keys/all", "known_hosts": "/known/all", "port": 23}
    target = resolve({"address": "host.example", "user": "own", "jump": "none"}, ssh, SSH_CONFIG)
    assert (target.user, target.port, target.identity_files) == ("own", 23, (Path("/keys/all"),))
    assert target.known_hosts[0] == Path("/known/all")
    assert target.jump is None


@pytest.mark.parametrize(
    ("jump", "route"),
    [
        ("b", ["root@192.0.2.2:2222"]),
        ("ops@192.0.2.3", ["ops@192.0.2.3:22"]),
        ("192.0.2.3:2022", ["root@192.0.2.3:2022"]),
        ("ops@[2001:db8::1]:2022", ["ops@2001:db8::1:2022"]),
    ],
)
def test_jump_hosts(jump: str, route: list[str]) -> None:
    """A jump host is a host of the file, or an address with or without user and port."""
    b = {"address": "192.0.2.2", "port": 2222}
    target = resolve({"address": "192.0.2.1", "jump": jump}, {"user": "root"}, b=b)
    assert chain(target) == [*route, "root@192.0.2.1:22"]


def test_a_chain_of_jump_hosts_in_ssh_config() -> None:
    """ProxyJump may list several, the nearest to us first: IPv6 addresses and hosts of swarmbot.yml too."""
    proxy = "Host 192.0.2.1\n ProxyJump ops@192.0.2.3,2001:db8::1,b\n"
    target = resolve("192.0.2.1", {"user": "root"}, proxy, b="192.0.2.2")
    assert chain(target) == ["ops@192.0.2.3:22", "root@2001:db8::1:22", "root@192.0.2.2:22", "root@192.0.2.1:22"]


def test_the_default_jump_host_is_not_behind_itself() -> None:
    """With ``ssh.jump`` all other hosts are behind it."""
    hosts = {"h": "192.0.2.1", "bastion": "192.0.2.2"}
    targets = Targets(config(hosts, {"jump": "bastion", "user": "root"}), "prod", paramiko.SSHConfig())
    assert chain(targets.target("h")) == ["root@192.0.2.2:22", "root@192.0.2.1:22"]
    assert chain(targets.target("bastion")) == ["root@192.0.2.2:22"]


def test_a_loop_of_jump_hosts_is_refused_at_start() -> None:
    """The error shows the loop, before anything connects."""
    hosts = {"a": {"address": "192.0.2.1", "jump": "b"}, "b": {"address": "192.0.2.2", "jump": "a"}}
    with pytest.raises(Misconfigured, match="a → b → a"):
        EnginePool(config(hosts), Path("/nonexistent"))


@pytest.mark.parametrize("jump", ["@", "host:port", "ops@", "[2001:db8::1]:x", "host:99999"])
def test_an_invalid_jump_host_is_refused(jump: str) -> None:
    """The error names it."""
    with pytest.raises(Misconfigured) as caught:
        resolve("192.0.2.1", None, f"Host *\n ProxyJump {jump}\n")
    assert f"`{jump}`" in caught.value.happened


def test_an_ssh_config_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that does not exist counts as empty."""
    broken = tmp_path / "config"
    broken.write_text("Host\n")
    with pytest.raises(Misconfigured, match=str(broken)):
        read_ssh_config(broken)
    assert read_ssh_config(tmp_path / "absent").lookup("x") == {"hostname": "x"}


def test_a_cluster_or_host_that_is_not_in_the_file() -> None:
    """KeyError, as the protocol says. Names keep the order of the file."""
    pool = EnginePool(config({"z": "192.0.2.1", "a": "192.0.2.2"}), Path("/nonexistent"))
    assert pool.cluster("prod").names() == ("z", "a")
    assert pool.cluster("prod").address("a") == "192.0.2.2"
    with pytest.raises(KeyError):
        pool.cluster("other")
    with pytest.raises(KeyError):
        pool.cluster("prod")["b"]


def test_included_files_count_as_openssh_counts_them(tmp_path: Path) -> None:
    """Names relative to the folder, patterns, inside of a block and before others, several levels deep."""
    texts = {
        "config": "Include parts/*.conf absent\nUser first\nHost a\n  Include one\n  Port 2201\nHost b\n  Port 2202\n",
        "one": f"HostName 192.0.2.1\nInclude {tmp_path}/two\n",
        "two": "IdentityFile /keys/two\n",
        "parts/x.conf": "Host b\n  User by-part\n",
        "parts/y.conf": "Host c*\n  HostName 192.0.2.3\n",
    }
    (tmp_path / "parts").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    parsed = read_ssh_config(tmp_path / "config")
    # OpenSSH takes relative names from ~/.ssh, whatever the file.
    absolute = texts["config"].replace("Include ", f"Include {tmp_path}/")
    (tmp_path / "absolute").write_text(absolute)
    for host in ("a", "b", "c1", "d"):
        command = ["ssh", "-G", "-F", str(tmp_path / "absolute"), host]
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout
        shown = said.splitlines()
        ours = {"port": "22", **parsed.lookup(host)}
        for key in ("hostname", "user", "port"):
            assert f"{key} {ours[key]}" in shown
    assert [*parsed.lookup("a")["identityfile"]] == ["/keys/two"]


def test_an_included_file_that_cannot_be_applied_is_named(tmp_path: Path) -> None:
    """A block in a block, and a file that includes itself."""
    (tmp_path / "config").write_text("Host a\n  Include part\n")
    (tmp_path / "part").write_text("Host b\n  Port 1\n")
    with pytest.raises(Misconfigured, match=r"part` is included in `Host a` and has blocks of its own"):
        read_ssh_config(tmp_path / "config")
    (tmp_path / "part").write_text("Include part\n")
    with pytest.raises(Misconfigured, match="more than 16 files include each other"):
        read_ssh_config(tmp_path / "config")


def test_a_host_with_a_proxy_command_is_unreachable() -> None:
    """Only that host, with the reason: a machine at its address may be another one."""
    connection = SshConnection(resolve("192.0.2.1", None, "Host *\n ProxyCommand nc %h %p\n"))
    for use in (connection.transport, connection.host_key):
        with pytest.raises(HostUnreachable) as caught:
            use()
        assert caught.value.problem == "ssh_config"
        assert "because of ~/.ssh/config: it sets ProxyCommand, which is not supported" in caught.value.happened
        assert "`jump`" in caught.value.next_step


def test_a_proxy_command_that_is_not_used() -> None:
    """`none`, and one beside a jump host in swarmbot.yml."""
    assert not resolve("192.0.2.1", None, "Host *\n ProxyCommand none\n").unsupported
