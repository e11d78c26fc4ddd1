"""`/swarm trust`: whose yes a host key needs, and what OpenSSH then makes of the known_hosts file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from sandbox.fleet.host import Host
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.scenario import Play, hang_up

HOST = "host-3"


@pytest.fixture
def trusting(whole_play: Play) -> Iterator[Play]:
    """A cluster, and a host beside it whose key anybody may change; known_hosts is as before afterwards."""
    whole_play.stand()
    file = whole_play.fleet.files.known_hosts
    before = file.read_text()
    yield whole_play
    file.write_text(before)
    serve_with(whole_play[HOST], "host_key")


def serve_with(host: Host, key: str) -> None:
    """Start sshd anew with a key; a power cut instead would leave a handshake of the bot's hanging for 8 s."""
    hang_up(host)
    host.run("sed", "-i", f"s|^HostKey .*|HostKey /run/fleet/{key}|", "/run/fleet/sshd_config")
    host.start_ssh()


def forget(play: Play) -> None:
    """Take the host out of known_hosts, and end the bot's connection to it."""
    file = play.fleet.files.known_hosts
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if HOST not in line))
    hang_up(play[HOST])
    play[HOST].start_ssh()


def new_key(host: Host, name: str) -> str:
    """Give the host another key, as an installation would; its fingerprint as OpenSSH prints it."""
    host.run("rm", "-f", f"/run/fleet/{name}")
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/run/fleet/{name}")
    serve_with(host, name)
    return host.run("ssh-keygen", "-lf", f"/run/fleet/{name}.pub").split()[1]


def shown(play: Play, user: str) -> TranscriptEntry:
    """The private answer to ``trust``, with its button."""
    after = play.now
    play.slack.slash(user, "prod", f"trust {HOST}")
    return play.answer(user, after)


def openssh(play: Play) -> subprocess.CompletedProcess[str]:
    """OpenSSH's own word on the host, with the bot's known_hosts."""
    argv = [*play.fleet.ssh_argv(play[HOST]), "true"]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=20)


def test_an_unknown_key_is_compared_and_trusted(trusting: Play) -> None:
    """Shown as OpenSSH prints it; an administrator's press writes it; then the bot and OpenSSH get in."""
    forget(trusting)
    file = trusting.fleet.files.known_hosts
    before = file.read_text()
    assert f"/swarm trust {HOST}" in trusting.ask("eve", "hosts")
    assert openssh(trusting).returncode
    fingerprint = trusting[HOST].run("ssh-keygen", "-lf", "/run/fleet/host_key").split()[1]
    answer = shown(trusting, "cleo")
    assert f"`{fingerprint}` (ED25519)" in answer.text
    assert file.read_text() == before
    after = trusting.now
    trusting.slack.click("cleo", answer, "Trust this key")
    card = trusting.end(trusting.job("cleo", after))
    assert f"is trusted with host key {fingerprint}" in card.text
    assert card.text.startswith("✓"), card.text
    assert file.read_text().startswith(before)
    assert openssh(trusting).returncode == 0
    assert f"✓ `{HOST}`" in trusting.ask("eve", "hosts")
    assert "is trusted" in shown(trusting, "eve").text
    again = trusting.ask("cleo", f"trust {HOST} --key {fingerprint}")
    assert again.startswith("✓ *No change needed*"), again


def test_who_may_not_administer_may_look_and_not_trust(trusting: Play) -> None:
    """The button gives no right; typing the same does not either."""
    forget(trusting)
    before = trusting.fleet.files.known_hosts.read_text()
    answer = shown(trusting, "ada")
    after = trusting.now
    trusting.slack.click("ada", answer, "Trust this key")
    assert "it needs @admins" in trusting.answer("ada", after).text
    assert "it needs @admins" in trusting.ask("ada", f"trust {HOST} --key SHA256:any")
    assert trusting.fleet.files.known_hosts.read_text() == before


def test_a_key_that_is_another_one_by_the_time_of_the_yes(trusting: Play) -> None:
    """What was compared is what is taken: nothing is written for the key that answers now."""
    forget(trusting)
    before = trusting.fleet.files.known_hosts.read_text()
    answer = shown(trusting, "cleo")
    now = new_key(trusting[HOST], "second_key")
    after = trusting.now
    trusting.slack.click("cleo", answer, "Trust this key")
    refused = trusting.answer("cleo", after).text
    assert f"presents the host key {now}, not SHA256:" in refused
    assert "Nothing was written" in refused
    assert trusting.fleet.files.known_hosts.read_text() == before


def test_a_changed_key_needs_somebody_else(trusting: Play) -> None:
    """Both fingerprints are shown; the requester cannot agree; another administrator can; the old key is gone then."""
    old = trusting[HOST].run("ssh-keygen", "-lf", "/run/fleet/host_key").split()[1]
    now = new_key(trusting[HOST], "second_key")
    answer = shown(trusting, "cleo")
    assert f"Presented: `{now}`" in answer.text
    assert f"Known: `{old}`" in answer.text
    after = trusting.now
    trusting.slack.click("cleo", answer, "Request approval")
    card = trusting.see("dan", "asks to trust the host key of", after=after, private=False)
    assert old in card.text
    assert now in card.text
    trusting.slack.click("cleo", card, "Approve")
    assert "you cannot approve or deny your own request" in trusting.see("cleo", "own request", after=after).text
    assert openssh(trusting).returncode
    trusting.slack.click("dan", card, "Approve")
    trusting.see("dan", f"is trusted with host key {now}", after=after, private=False)
    trusting.quiet()
    assert openssh(trusting).returncode == 0
    assert f"✓ `{HOST}`" in trusting.ask("eve", "hosts")
    listed = trusting.fleet.files.known_hosts.read_text()
    assert f"\n{trusting[HOST].address} ssh-ed25519 " in listed
    assert f"{trusting[HOST].address},{HOST} " not in listed
    assert f"\n{HOST} ssh-ed25519 " in listed, "its line for another name is not lost"


def test_a_changed_key_that_changes_again_before_the_yes(trusting: Play) -> None:
    """The approval was for another key: it is void, and nothing is written."""
    new_key(trusting[HOST], "second_key")
    before = trusting.fleet.files.known_hosts.read_text()
    after = trusting.now
    trusting.slack.click("cleo", shown(trusting, "cleo"), "Request approval")
    card = trusting.see("dan", "asks to trust the host key of", after=after, private=False)
    third = new_key(trusting[HOST], "third_key")
    trusting.slack.click("dan", card, "Approve")
    void = trusting.see("dan", "Void", after=after, private=False)
    assert f"presents the host key {third}, not SHA256:" in void.text
    assert trusting.fleet.files.known_hosts.read_text() == before
