"""`/swarm ca` on real engines: it shows the nodes' certificates, and a rotation ends when all nodes have new ones."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.fleet import TASK_IMAGE
from tests.kits.cfssl import NAME, Cfssl, certificate_of
from tests.kits.scenario import Scenario

WORKERS = ("host-2", "host-3")


def root_of(scenario: Scenario) -> x509.Certificate:
    """Return the root certificate of the engine."""
    return x509.load_pem_x509_certificate(scenario.inspect()["TLSInfo"]["TrustRoot"].encode())


def issued_by_root(scenario: Scenario, root: x509.Certificate, hosts: tuple[str, ...]) -> bool:
    """Return for each host whether this root issued the certificate on its disk."""
    for host in hosts:
        try:
            certificate_of(scenario[host]).verify_directly_issued_by(root)
        except InvalidSignature:
            return False
    return True


def test_ca_shows_the_root_and_expiry_dates(scenario: Scenario) -> None:
    """Fingerprint and dates are those of the engine's root; each node's expiry is that of the file on its disk."""
    scenario.cluster(workers=WORKERS)
    told = scenario.ask("eve", "ca")
    root = root_of(scenario)
    assert root.fingerprint(SHA256()).hex(":") in told
    assert f"valid from {root.not_valid_before_utc:%Y-%m-%d} until {root.not_valid_after_utc:%Y-%m-%d}" in told
    for host in ("host-1", *WORKERS):
        assert f"{certificate_of(scenario[host]).not_valid_after_utc:%Y-%m-%d %H:%M} UTC" in told
    assert "PRIVATE" not in told
    assert "need `--rotate` here" in scenario.ask("eve", "ca --cert-expiry 2h")
    assert "@admins" in scenario.ask("ada", "ca --rotate")


def test_a_rotation_ends_when_all_nodes_have_new_certificates(scenario: Scenario) -> None:
    """All nodes get certificates of the new root with the requested expiry; tokens change; services keep running."""
    scenario.cluster(workers=WORKERS)
    before = scenario.inspect()
    old = root_of(scenario)
    scenario["host-1"].docker("service", "create", "--name", "web", "--mode", "global", TASK_IMAGE, timeout=60)
    tasks = [scenario.containers(host) for host in ("host-1", *WORKERS)]
    card = scenario.change("cleo", "ca --rotate --cert-expiry 49h")
    assert card.text.startswith("✓ *Rotation of prod's root certificate: "), card.text
    for host in ("host-1", *WORKERS):
        assert f"✓ {host} has a certificate of the new issuer" in card.text
    assert "✓ every node of prod trusts only the new root" in card.text
    assert "join tokens of prod change" in card.text
    new = root_of(scenario)
    assert new.fingerprint(SHA256()) != old.fingerprint(SHA256())
    assert issued_by_root(scenario, new, ("host-1", *WORKERS))
    assert not issued_by_root(scenario, old, ("host-1",))
    left = (
        certificate_of(scenario["host-2"]).not_valid_after_utc - certificate_of(scenario["host-2"]).not_valid_before_utc
    )
    assert left.total_seconds() / 3600 < 51
    after = scenario.inspect()
    assert after["JoinTokens"] != before["JoinTokens"]
    expected = {**before["Spec"]["CAConfig"], "NodeCertExpiry": 49 * 3600 * 10**9, "ForceRotate": 1}
    assert after["Spec"] == {**before["Spec"], "CAConfig": expected}
    assert all(tasks)
    assert [scenario.containers(host) for host in ("host-1", *WORKERS)] == tasks, "no task was stopped or replaced"
    assert scenario.change("ada", "join worker host-4").text.startswith("✓")


@pytest.mark.long
def test_a_rotation_waits_for_a_node_that_is_down(scenario: Scenario) -> None:
    """The other nodes get certificates; the card and `ca` name the missing node; once it is back the rotation ends."""
    scenario.cluster(workers=WORKERS)
    scenario["host-3"].power_off()
    scenario.await_status("`host-3` (worker) is down")
    card = scenario.change("cleo", "ca --rotate")
    assert card.text.startswith("! *Rotation of prod's root certificate: "), card.text
    assert "✓ host-2 has a certificate of the new issuer" in card.text
    assert "✗ host-3 is down." in card.text
    assert "✗ The rotation waits for host-3 (down)." in card.text
    told = scenario.ask("eve", "ca")
    assert "prod is rotating its root" in told
    assert "2 of 3 nodes have a certificate of the new root (missing: `host-3` (down))" in told
    scenario["host-3"].power_on()
    after = scenario.now
    scenario.slack.click("cleo", card.seen, "Retry")
    ended = scenario.end(scenario.job("cleo", after), after=after)
    assert ended.text.startswith("✓ *Rotation of prod's root certificate: "), ended.text
    assert "the rotation had started before" in ended.text
    assert issued_by_root(scenario, root_of(scenario), ("host-1", *WORKERS))
    assert "trust one root" in scenario.ask("eve", "ca")


def test_a_cluster_is_rotated_to_an_external_ca_and_back(scenario: Scenario, cfssl: Cfssl) -> None:
    """Each node holds a certificate of the external CA; a second request changes nothing; then it is undone."""
    scenario.cluster(workers=WORKERS)
    scenario.change("cleo", "join manager host-4")
    hosts = ("host-1", *WORKERS, "host-4")
    path = cfssl.copy_to(scenario["host-1"])
    words = f"--external-ca protocol=cfssl,url={cfssl.url},cacert=host-1:{path}"
    card = scenario.change("cleo", f"ca --rotate --cert-expiry 49h {words}")
    assert card.text.startswith("✓"), card.text
    assert "The external CA decides how long" in card.text
    assert all(cfssl.issued(scenario[host]) for host in hosts)
    left = (
        certificate_of(scenario["host-2"]).not_valid_after_utc - certificate_of(scenario["host-2"]).not_valid_before_utc
    )
    assert left.days == 30, "as the CA's own profile says"
    told = scenario.ask("eve", "ca")
    assert NAME in told
    assert cfssl.url in told
    assert "No change needed" in scenario.ask("cleo", f"ca --rotate {words}")
    assert "No change needed" in scenario.ask("cleo", f"update {words}")
    card = scenario.change("cleo", "ca --rotate")
    assert card.text.startswith("✓"), card.text
    assert not any(cfssl.issued(scenario[host]) for host in hosts)
    assert issued_by_root(scenario, root_of(scenario), hosts)


@pytest.mark.long
def test_joins_wait_for_an_unreachable_external_ca(scenario: Scenario, cfssl: Cfssl) -> None:
    """A rotation to an unreachable CA is refused and changes nothing; a join does not report success."""
    scenario.cluster()
    path = cfssl.copy_to(scenario["host-1"])
    words = f"--external-ca protocol=cfssl,url={cfssl.url},cacert=host-1:{path}"
    cfssl.stop()
    before = scenario.inspect()
    card = scenario.change("cleo", f"ca --rotate {words}")
    assert card.text.startswith("✗ *the root certificate of prod was not rotated*"), card.text
    assert "not started: renewing the certificate of host-1" in card.text
    assert scenario.inspect()["Spec"] == before["Spec"]
    cfssl.start()
    assert scenario.change("cleo", f"update --task-history-limit 2 {words}").text.startswith("✓")
    assert cfssl.issued(scenario["host-1"])
    assert scenario.inspect()["Spec"]["Orchestration"] == {"TaskHistoryRetentionLimit": 2}
    cfssl.stop()
    card = scenario.change("ada", "join worker host-2")
    assert card.text.startswith("✗ *`host-2` did not join prod*"), card.text
    assert "host-2 is not part of any cluster (the partial join was undone)" in card.text, card.text
    assert f"Check that the managers reach the CA at {cfssl.url}" in card.text, card.text
    assert scenario.membership("host-2") == "inactive"
    cfssl.start()
    after = scenario.now
    scenario.slack.click("ada", card.seen, "Retry")
    assert scenario.end(scenario.job("ada", after), after=after).text.startswith("✓")
    assert cfssl.issued(scenario["host-2"])
