"""`/swarm trust`: which approval a host key needs, and whether OpenSSH accepts the known_hosts file afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from sandbox.fleet.host import Host
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.scenario import Scenario, stop_ssh_sessions

HOST = "host-3"


@pytest.fixture
def cluster(shared_scenario: Scenario) -> Iterator[Scenario]:
    """A cluster, and another host whose key tests change; known_hosts is restored afterwards."""
    shared_scenario.stand()
    file = shared_scenario.fleet.files.known_hosts
    before = file.read_text()
    yield shared_scenario
    file.write_text(before)
    serve_key(shared_scenario[HOST], "host_key")


def serve_key(host: Host, key: str) -> None:
    """Restart sshd with a key; after a power cut a handshake of the bot would hang for 8 s."""
    stop_ssh_sessions(host)
    host.run("sed", "-i", f"s|^HostKey .*|HostKey /run/fleet/{key}|", "/run/fleet/sshd_config")
    host.start_ssh()


def forget(scenario: Scenario) -> None:
    """Remove the host from known_hosts, and end the bot's connection to it."""
    file = scenario.fleet.files.known_hosts
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if HOST not in line))
    stop_ssh_sessions(scenario[HOST])
    scenario[HOST].start_ssh()


def new_key(host: Host, name: str) -> str:
    """Replace the host's key, as a new installation would; return the fingerprint as OpenSSH prints it."""
    host.run("rm", "-f", f"/run/fleet/{name}")
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/run/fleet/{name}")
    serve_key(host, name)
    return host.run("ssh-keygen", "-lf", f"/run/fleet/{name}.pub").split()[1]


def trust_answer(scenario: Scenario, user: str) -> TranscriptEntry:
    """Return the private answer to ``trust``, with its button."""
    after = scenario.now
    scenario.slack.slash(user, "prod", f"trust {HOST}")
    return scenario.answer(user, after)


def openssh(scenario: Scenario) -> subprocess.CompletedProcess[str]:
    """Return OpenSSH's output for the host with the bot's known_hosts."""
    argv = [*scenario.fleet.ssh_argv(scenario[HOST]), "true"]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=20)


def test_an_administrator_trusts_an_unknown_key(cluster: Scenario) -> None:
    """The fingerprint equals OpenSSH's; the button writes it; then the bot and OpenSSH can connect."""
    forget(cluster)
    file = cluster.fleet.files.known_hosts
    before = file.read_text()
    assert f"/swarm trust {HOST}" in cluster.ask("eve", "hosts")
    assert openssh(cluster).returncode
    fingerprint = cluster[HOST].run("ssh-keygen", "-lf", "/run/fleet/host_key").split()[1]
    answer = trust_answer(cluster, "cleo")
    assert f"`{fingerprint}` (ED25519)" in answer.text
    assert file.read_text() == before
    after = cluster.now
    cluster.slack.click("cleo", answer, "Trust this key")
    card = cluster.end(cluster.job("cleo", after))
    assert f"is trusted with host key {fingerprint}" in card.text
    assert card.text.startswith("✓"), card.text
    assert file.read_text().startswith(before)
    assert openssh(cluster).returncode == 0
    assert f"✓ `{HOST}`" in cluster.ask("eve", "hosts")
    assert "is trusted" in trust_answer(cluster, "eve").text
    again = cluster.ask("cleo", f"trust {HOST} --key {fingerprint}")
    assert again.startswith("✓ *No change needed*"), again


def test_only_administrators_can_trust_a_key(cluster: Scenario) -> None:
    """Others see the fingerprint, but neither the button nor the command works for them."""
    forget(cluster)
    before = cluster.fleet.files.known_hosts.read_text()
    answer = trust_answer(cluster, "ada")
    after = cluster.now
    cluster.slack.click("ada", answer, "Trust this key")
    assert "it needs @admins" in cluster.answer("ada", after).text
    assert "it needs @admins" in cluster.ask("ada", f"trust {HOST} --key SHA256:any")
    assert cluster.fleet.files.known_hosts.read_text() == before


def test_only_the_shown_key_is_trusted(cluster: Scenario) -> None:
    """If the host has another key when the button is pressed, nothing is written."""
    forget(cluster)
    before = cluster.fleet.files.known_hosts.read_text()
    answer = trust_answer(cluster, "cleo")
    now = new_key(cluster[HOST], "second_key")
    after = cluster.now
    cluster.slack.click("cleo", answer, "Trust this key")
    refused = cluster.answer("cleo", after).text
    assert f"presents the host key {now}, not SHA256:" in refused
    assert "Nothing was written" in refused
    assert cluster.fleet.files.known_hosts.read_text() == before


def test_a_changed_key_needs_another_administrator(cluster: Scenario) -> None:
    """Both fingerprints are shown; only another administrator can approve; then the old key is removed."""
    old = cluster[HOST].run("ssh-keygen", "-lf", "/run/fleet/host_key").split()[1]
    now = new_key(cluster[HOST], "second_key")
    answer = trust_answer(cluster, "cleo")
    assert f"Presented: `{now}`" in answer.text
    assert f"Known: `{old}`" in answer.text
    after = cluster.now
    cluster.slack.click("cleo", answer, "Request approval")
    card = cluster.see("dan", "asks to trust the host key of", after=after, private=False)
    assert old in card.text
    assert now in card.text
    cluster.slack.click("cleo", card, "Approve")
    assert "you cannot approve or deny your own request" in cluster.see("cleo", "own request", after=after).text
    assert openssh(cluster).returncode
    cluster.slack.click("dan", card, "Approve")
    cluster.see("dan", f"is trusted with host key {now}", after=after, private=False)
    cluster.quiet()
    assert openssh(cluster).returncode == 0
    assert f"✓ `{HOST}`" in cluster.ask("eve", "hosts")
    listed = cluster.fleet.files.known_hosts.read_text()
    assert f"\n{cluster[HOST].address} ssh-ed25519 " in listed
    assert f"{cluster[HOST].address},{HOST} " not in listed
    assert f"\n{HOST} ssh-ed25519 " in listed, "its line for another name is not lost"


def test_another_change_voids_the_approval(cluster: Scenario) -> None:
    """The approval was for another key: it is void, and nothing is written."""
    new_key(cluster[HOST], "second_key")
    before = cluster.fleet.files.known_hosts.read_text()
    after = cluster.now
    cluster.slack.click("cleo", trust_answer(cluster, "cleo"), "Request approval")
    card = cluster.see("dan", "asks to trust the host key of", after=after, private=False)
    third = new_key(cluster[HOST], "third_key")
    cluster.slack.click("dan", card, "Approve")
    void = cluster.see("dan", "Void", after=after, private=False)
    assert f"presents the host key {third}, not SHA256:" in void.text
    assert cluster.fleet.files.known_hosts.read_text() == before
