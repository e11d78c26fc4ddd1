"""`/swarm init --external-ca` with Debian's cfssl: the nodes' certificates are issued by that CA."""

from __future__ import annotations

from tests.kits.cfssl import NAME, Cfssl
from tests.kits.scenario import Play


def test_the_external_ca_issues_all_certificates(play: Play, cfssl: Cfssl) -> None:
    """The external CA issues the certificates of the first manager and of a worker and a manager that join later."""
    path = cfssl.copy_to(play["host-1"])
    words = f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert={path}"
    card = play.change("cleo", words)
    assert card.text.startswith("✓"), card.text
    assert cfssl.issued(play["host-1"])
    assert "No change needed" in play.ask("cleo", words)
    play.change("ada", "join worker host-2")
    play.change("cleo", "join manager host-3")
    assert play.nodes() == {
        "host-1": "Ready Active Leader",
        "host-2": "Ready Active",
        "host-3": "Ready Active Reachable",
    }
    assert cfssl.issued(play["host-2"])
    assert cfssl.issued(play["host-3"])
    assert f"issued by {NAME}, valid for" in play.ask("ada", "node host-2")


def test_a_cluster_without_external_ca_differs(play: Play, cfssl: Cfssl) -> None:
    """The condition of the test above is false without an external CA; adding one later is a rotation."""
    path = cfssl.copy_to(play["host-1"])
    play.change("cleo", "init host-1")
    before = play.inspect()
    answer = play.ask("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert={path}")
    assert "another CA for it is a rotation of its root" in answer, answer
    assert play.inspect() == before
    assert not cfssl.issued(play["host-1"])


def test_a_missing_ca_certificate_stops_init(play: Play, cfssl: Cfssl) -> None:
    """The error names the path, and no cluster is created."""
    answer = play.ask("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert=/etc/docker/no.pem")
    assert answer.startswith("Refused: ")
    assert "`/etc/docker/no.pem`" in answer
    assert play.membership("host-1") == "inactive"
