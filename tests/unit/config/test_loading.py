"""Each error in swarmbot.yml is reported with its line, its key and a valid value."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import EVERYONE, load
from bot.errors import Misconfigured

GOOD = """\
clusters:
  prod:
    channel: C0PROD
    hosts:
      host-1: 192.0.2.1
      host-2: {address: 192.0.2.2, jump: host-1}
people:
  admins: [U0ADMIN1]
rules:
  administer: [admins]
"""

Mistake = tuple[str, str, int, str, str]  # replace, by, line, key, hint


MISTAKES: dict[str, Mistake] = {
    "unknown key at the top": ("people:", "peple:", 7, "`peple`", "`people`"),
    "unknown key of a cluster": ("channel:", "chanel:", 3, "`clusters.prod.chanel`", "`channel`"),
    "unknown key of a host": ("jump:", "jmp:", 6, "`clusters.prod.hosts.host-2.jmp`", "`jump`"),
    "unknown rule": ("administer:", "administrate:", 10, "`rules.administrate`", "`administer`"),
    "unknown key unlike any": ("people:", "xyzzy: 1\npeople:", 7, "`xyzzy`", "`clusters`"),
    "duplicate host": ("host-2:", "host-1:", 6, "`clusters.prod.hosts.host-1`", "already set on line 5"),
    "duplicate section": ("people:", "rules: {}\npeople:", 10, "`rules`", "already set on line 7"),
    "a number for an address": ("192.0.2.1", "19.2", 5, "`clusters.prod.hosts.host-1`", "the number 19.2"),
    "a list for a mapping": ("  prod:", "  prod: []\n  x:", 2, "`clusters.prod`", "a list"),
    "nothing instead of a mapping": ("  prod:", "  dev:\n  prod:", 2, "`clusters.dev`", "needs a value"),
    "text for a list": ("[admins]", "admins", 10, "`rules.administer`", "a list of names"),
    "a boolean for a port": ("jump: host-1", "port: yes", 6, "hosts.host-2.port`", "whole number"),
    "quotes round a port": ("jump: host-1", 'port: "22"', 6, "hosts.host-2.port`", "without quotes"),
    "a port too high": ("jump: host-1", "port: 70000", 6, "hosts.host-2.port`", "from 1 to 65535"),
    "too many backups": ("people:", "backups: {keep: 20000}\npeople:", 7, "`backups.keep`", "from 1 to 10000"),
    "no backups at all": ("people:", "backups: {keep: 0}\npeople:", 7, "`backups.keep`", "from 1 to 10000"),
    "a number for a folder": (
        "people:",
        "backups: {folder: 3}\npeople:",
        7,
        "`backups.folder`",
        "3, but must be a path",
    ),
    "a folder of no name": ("people:", 'backups: {folder: ""}\npeople:', 7, "`backups.folder`", "must be a path"),
    "unknown key of a host's engine": (
        "jump: host-1",
        "engine: {strat: run}",
        6,
        "`clusters.prod.hosts.host-2.engine.strat`",
        "Valid keys: `stop`, `start` and `data_root`.",
    ),
    "user and port in an address": (
        "192.0.2.1",
        "root@192.0.2.1:22",
        5,
        "hosts.host-1.address`",
        "have their own keys",
    ),
    "an address that is an option": ("192.0.2.1", "-oProxyCommand=id", 5, "hosts.host-1.address`", "IP address"),
    "a relative socket": ("jump: host-1", "socket: docker.sock", 6, "hosts.host-2.socket`", "full path"),
    "a channel's name for its id": ("C0PROD", "'#prod'", 3, "`clusters.prod.channel`", "channel id"),
    "a user's name for their id": ("U0ADMIN1", "kim", 8, "`people.admins.0`", "Slack user"),
    "a name with a space": ("host-1: 192", "host 1: 192", 5, "`clusters.prod.hosts.host 1`", "without spaces"),
    "missing channel": ("    channel: C0PROD\n", "", 2, "`clusters.prod.channel`", "missing"),
    "a channel for two clusters": (
        "people:",
        "  b:\n    channel: C0PROD\n    hosts: {h: 192.0.2.9}\npeople:",
        8,
        "`clusters.b.channel`",
        "already the channel of `prod`",
    ),
    "an address twice": (
        "192.0.2.2",
        "192.0.2.1",
        6,
        "`clusters.prod.hosts.host-2`",
        "already the address of `host-1`",
    ),
    "jump to an unknown host": ("jump: host-1", "jump: hots-1", 6, "`clusters.prod.hosts.host-2.jump`", "`host-1`"),
    "jump to itself": ("jump: host-1", "jump: host-2", 6, "`clusters.prod.hosts.host-2.jump`", "loop"),
    "jumps in a loop": (
        "host-1: 192.0.2.1",
        "host-1: {address: 192.0.2.1, jump: host-2}",
        5,
        "`clusters.prod.hosts.host-1.jump`",
        "host-1 → host-2 → host-1",
    ),
    "a loop through the default": (
        "clusters:",
        "ssh: {jump: host-2}\nclusters:",
        7,
        "`clusters.prod.hosts.host-2.jump`",
        "host-2 → host-1 → host-2",
    ),
    "unknown default jump": ("clusters:", "ssh: {jump: bastion}\nclusters:", 1, "`ssh.jump`", "no host has that name"),
    "a rule naming nobody known": ("[admins]", "[admin]", 10, "`rules.administer.0`", "`admins`"),
    "a name that looks like an id": ("[admins]", "[admins, SRE]", 10, "`rules.administer.1`", "no such name"),
    "nobody administers": ("administer: [admins]", "view: everyone", 9, "`rules.administer`", "lists nobody"),
    "administered by an empty list": ("[U0ADMIN1]", "[]", 10, "`rules.administer`", "lists nobody"),
    "administered by everyone": ("[admins]", "everyone", 10, "`rules.administer`", "`everyone`"),
    "people called everyone": ("  admins: ", "  everyone: [U0X]\n  admins: ", 8, "`people.everyone`", "another name"),
    "no clusters": (GOOD[: GOOD.index("people")], "clusters: {}\n", 1, "`clusters`", "at least one"),
    "not valid YAML": ("clusters:", "clusters: [", 3, "not valid YAML", "line 3"),
    "a tab": ("  admins", "\tadmins", 8, "not valid YAML", "line 8"),
    "an invalid date": ("U0ADMIN1", "2026-99-99", 1, "cannot read", "line 1"),
    "two documents": ("people:", "---\npeople:", 7, "not valid YAML", "line 7"),
}


def load_error(tmp_path: Path, text: str) -> str:
    """Return the error about a swarmbot.yml that holds ``text``, which must be refused."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as raised:
        load(path)
    return raised.value.happened


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_names_file_line_key_and_hint(tmp_path: Path, mistake: str) -> None:
    """The message names the file, the line, the key path and what would be right."""
    old, new, line, key, hint = MISTAKES[mistake]
    assert old in GOOD
    words = load_error(tmp_path, GOOD.replace(old, new, 1))
    here = next(part for part in words.splitlines() if key in part)
    assert f"swarmbot.yml, line {line}: " in here
    assert hint in here


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    """Three errors in a file give three messages, in the order of the file."""
    text = GOOD.replace("channel:", "chanel:").replace("jump:", "jmp:").replace("administer:", "administrate:")
    words = load_error(tmp_path, text)
    assert [part in words for part in ("chanel", "jmp", "administrate")] == [True, True, True]
    assert words.index("chanel") < words.index("jmp") < words.index("administrate")


def test_a_valid_file_is_read(tmp_path: Path) -> None:
    """Short and long forms of hosts, and defaults for keys that are not set."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(GOOD, encoding="utf-8")
    config = load(path)
    assert config.clusters["prod"].hosts["host-1"].address == "192.0.2.1"
    assert config.clusters["prod"].hosts["host-2"].jump == "host-1"
    assert config.rules.view == (EVERYONE,)
    assert config.rules.operate == ()
    assert config.ssh.socket == "/var/run/docker.sock"


@pytest.mark.parametrize("name", ["no", "1", "on", "1e3", "null"])
def test_a_host_may_have_any_name(tmp_path: Path, name: str) -> None:
    """A name that YAML reads as a number or a boolean stays text."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(GOOD.replace("host-2", name), encoding="utf-8")
    assert set(load(path).clusters["prod"].hosts) == {"host-1", name}


@pytest.mark.parametrize("address", ["2001:db8::1", "::1", "fe80::1%eth0", "h.example.com", "h", "10.0.0.1"])
def test_all_kinds_of_addresses_are_valid(tmp_path: Path, address: str) -> None:
    """IPv4, IPv6 with and without a zone, and names."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(GOOD.replace("192.0.2.1", f'"{address}"'), encoding="utf-8")
    assert load(path).clusters["prod"].hosts["host-1"].address == address


@pytest.mark.parametrize(
    "jump", ["root@bastion", "b.example.com:2222", "192.0.2.9", "'u@[2001:db8::1]:22'", "host-1", "none"]
)
def test_all_kinds_of_jump_hosts_are_valid(tmp_path: Path, jump: str) -> None:
    """An address with or without user and port, or a host of the file, as the default for all hosts."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(f"ssh: {{jump: {jump}}}\n{GOOD}", encoding="utf-8")
    assert load(path).ssh.jump == jump.strip("'")


def test_home_is_expanded(tmp_path: Path) -> None:
    """``~`` is the home of the user that runs Swarmbot."""
    path = tmp_path / "swarmbot.yml"
    path.write_text(f"ssh: {{identity_file: ~/key}}\n{GOOD}", encoding="utf-8")
    assert load(path).ssh.identity_file == Path.home() / "key"


def test_anchors_and_merges_work(tmp_path: Path) -> None:
    """YAML's anchors and merges are not duplicates, and an anchor that contains itself does not loop."""
    path = tmp_path / "swarmbot.yml"
    merged = GOOD.replace("clusters:", "ssh: &d {user: ops}\nclusters:").replace("jump: host-1", "<<: *d")
    path.write_text(merged, encoding="utf-8")
    assert load(path).clusters["prod"].hosts["host-2"].user == "ops"
    assert "clusters.x" in load_error(tmp_path, "clusters: &a\n  x: *a\n")


def test_the_error_for_a_missing_file_says_how_to_create_it(tmp_path: Path) -> None:
    """The next step is a command."""
    with pytest.raises(Misconfigured, match=r"cp swarmbot\.example\.yml"):
        load(tmp_path / "swarmbot.yml")


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n"])
def test_the_error_for_an_empty_file_names_the_example(tmp_path: Path, text: str) -> None:
    """An empty file gives no type error."""
    assert "swarmbot.example.yml" in load_error(tmp_path, text)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and a folder instead of a file."""
    binary = tmp_path / "binary.yml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="UTF-8"):
        load(binary)
    with pytest.raises(Misconfigured, match="directory"):
        load(tmp_path)
