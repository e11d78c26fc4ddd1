"""`/swarm ca` on real engines: it shows the nodes' certificates, and a rotation ends when all nodes have new ones."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.fleet import TASK_IMAGE
from tests.kits.cfssl import NAME, Cfssl, certificate_of
from tests.kits.scenario import Play

WORKERS = ("host-2", "host-3")


def root_of(play: Play) -> x509.Certificate:
    """Return the root certificate of the engine."""
    return x509.load_pem_x509_certificate(play.inspect()["TLSInfo"]["TrustRoot"].encode())


def issued_by_root(play: Play, root: x509.Certificate, hosts: tuple[str, ...]) -> bool:
    """Return for each host whether this root issued the certificate on its disk."""
    for host in hosts:
        try:
            certificate_of(play[host]).verify_directly_issued_by(root)
        except InvalidSignature:
            return False
    return True


def test_ca_shows_the_root_and_expiry_dates(play: Play) -> None:
    """Fingerprint and dates are those of the engine's root; each node's expiry is that of the file on its disk."""
    play.stand(workers=WORKERS)
    told = play.ask("eve", "ca")
    root = root_of(play)
    assert root.fingerprint(SHA256()).hex(":") in told
    assert f"valid from {root.not_valid_before_utc:%Y-%m-%d} until {root.not_valid_after_utc:%Y-%m-%d}" in told
    for host in ("host-1", *WORKERS):
        assert f"{certificate_of(play[host]).not_valid_after_utc:%Y-%m-%d %H:%M} UTC" in told
    assert "PRIVATE" not in told
    assert "belong to `--rotate`" in play.ask("eve", "ca --cert-expiry 2h")
    assert "@admins" in play.ask("ada", "ca --rotate")


def test_a_rotation_ends_when_all_nodes_have_new_certificates(play: Play) -> None:
    """All nodes get certificates of the new root with the requested expiry; tokens change; services keep running."""
    play.cluster(workers=WORKERS)
    before = play.inspect()
    old = root_of(play)
    play["host-1"].docker("service", "create", "--name", "web", "--mode", "global", TASK_IMAGE, timeout=60)
    tasks = [play.containers(host) for host in ("host-1", *WORKERS)]
    card = play.change("cleo", "ca --rotate --cert-expiry 49h")
    assert card.text.startswith("✓ *Rotation of prod's root certificate: "), card.text
    for host in ("host-1", *WORKERS):
        assert f"✓ {host} has a certificate of the new issuer" in card.text
    assert "✓ every node of prod trusts only the new root" in card.text
    assert "join tokens of prod change" in card.text
    new = root_of(play)
    assert new.fingerprint(SHA256()) != old.fingerprint(SHA256())
    assert issued_by_root(play, new, ("host-1", *WORKERS))
    assert not issued_by_root(play, old, ("host-1",))
    left = certificate_of(play["host-2"]).not_valid_after_utc - certificate_of(play["host-2"]).not_valid_before_utc
    assert left.total_seconds() / 3600 < 51
    after = play.inspect()
    assert after["JoinTokens"] != before["JoinTokens"]
    expected = {**before["Spec"]["CAConfig"], "NodeCertExpiry": 49 * 3600 * 10**9, "ForceRotate": 1}
    assert after["Spec"] == {**before["Spec"], "CAConfig": expected}
    assert all(tasks)
    assert [play.containers(host) for host in ("host-1", *WORKERS)] == tasks, "no task was stopped or replaced"
    assert play.change("ada", "join worker host-4").text.startswith("✓")


def test_a_rotation_waits_for_a_node_that_is_down(play: Play) -> None:
    """The other nodes get certificates; the card and `ca` name the missing node; once it is back the rotation ends."""
    play.cluster(workers=WORKERS)
    play["host-3"].power_off()
    play.await_status("`host-3` (worker) is down")
    card = play.change("cleo", "ca --rotate")
    assert card.text.startswith("! *Rotation of prod's root certificate: "), card.text
    assert "✓ host-2 has a certificate of the new issuer" in card.text
    assert "✗ host-3 is down." in card.text
    assert "✗ The rotation waits for host-3 (down)." in card.text
    told = play.ask("eve", "ca")
    assert "prod is rotating its root" in told
    assert "2 of 3 nodes have a certificate of the new root (missing: `host-3` (down))" in told
    play["host-3"].power_on()
    after = play.now
    play.slack.click("cleo", card.seen, "Retry")
    ended = play.end(play.job("cleo", after), after=after)
    assert ended.text.startswith("✓ *Rotation of prod's root certificate: "), ended.text
    assert "the rotation had started before" in ended.text
    assert issued_by_root(play, root_of(play), ("host-1", *WORKERS))
    assert "trusts one root" in play.ask("eve", "ca")


def test_a_cluster_is_rotated_to_an_external_ca_and_back(play: Play, cfssl: Cfssl) -> None:
    """Each node holds a certificate of the external CA; a second request changes nothing; then it is undone."""
    play.cluster(workers=WORKERS)
    play.change("cleo", "join manager host-4")
    hosts = ("host-1", *WORKERS, "host-4")
    path = cfssl.copy_to(play["host-1"])
    words = f"--external-ca protocol=cfssl,url={cfssl.url},cacert=host-1:{path}"
    card = play.change("cleo", f"ca --rotate --cert-expiry 49h {words}")
    assert card.text.startswith("✓"), card.text
    assert "The external CA decides how long" in card.text
    assert all(cfssl.issued(play[host]) for host in hosts)
    left = certificate_of(play["host-2"]).not_valid_after_utc - certificate_of(play["host-2"]).not_valid_before_utc
    assert left.days == 30, "as the CA's own profile says"
    told = play.ask("eve", "ca")
    assert NAME in told
    assert cfssl.url in told
    assert "No change needed" in play.ask("cleo", f"ca --rotate {words}")
    assert "No change needed" in play.ask("cleo", f"update {words}")
    card = play.change("cleo", "ca --rotate")
    assert card.text.startswith("✓"), card.text
    assert not any(cfssl.issued(play[host]) for host in hosts)
    assert issued_by_root(play, root_of(play), hosts)


def test_joins_wait_for_an_unreachable_external_ca(play: Play, cfssl: Cfssl) -> None:
    """A rotation to an unreachable CA is refused and changes nothing; a join does not report success."""
    play.cluster()
    path = cfssl.copy_to(play["host-1"])
    words = f"--external-ca protocol=cfssl,url={cfssl.url},cacert=host-1:{path}"
    cfssl.stop()
    before = play.inspect()
    card = play.change("cleo", f"ca --rotate {words}")
    assert card.text.startswith("✗ *the root certificate of prod was not rotated*"), card.text
    assert "renewing the certificate of host-1: not started" in card.text
    assert play.inspect()["Spec"] == before["Spec"]
    cfssl.start()
    assert play.change("cleo", f"update --task-history-limit 2 {words}").text.startswith("✓")
    assert cfssl.issued(play["host-1"])
    assert play.inspect()["Spec"]["Orchestration"] == {"TaskHistoryRetentionLimit": 2}
    cfssl.stop()
    card = play.change("ada", "join worker host-2")
    assert card.text.startswith("✗ *`host-2` did not join prod*"), card.text
    assert "host-2 is not part of any cluster (the partial join was undone)" in card.text, card.text
    assert f"the CA at {cfssl.url} answers" in card.text, card.text
    assert play.membership("host-2") == "inactive"
    cfssl.start()
    after = play.now
    play.slack.click("ada", card.seen, "Retry")
    assert play.end(play.job("ada", after), after=after).text.startswith("✓")
    assert cfssl.issued(play["host-2"])
