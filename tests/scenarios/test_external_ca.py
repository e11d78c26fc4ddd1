"""`/swarm init --external-ca` with Debian's cfssl: the nodes' certificates are issued by that CA."""

from __future__ import annotations

from tests.kits.cfssl import NAME, Cfssl
from tests.kits.scenario import Scenario


def test_the_external_ca_issues_all_certificates(scenario: Scenario, cfssl: Cfssl) -> None:
    """The external CA issues the certificates of the first manager and of a worker and a manager that join later."""
    path = cfssl.copy_to(scenario["host-1"])
    words = f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert={path}"
    card = scenario.change("cleo", words)
    assert card.text.startswith("✓"), card.text
    assert cfssl.issued(scenario["host-1"])
    assert "No change needed" in scenario.ask("cleo", words)
    scenario.change("ada", "join worker host-2")
    scenario.change("cleo", "join manager host-3")
    assert scenario.nodes() == {
        "host-1": "Ready Active Leader",
        "host-2": "Ready Active",
        "host-3": "Ready Active Reachable",
    }
    assert cfssl.issued(scenario["host-2"])
    assert cfssl.issued(scenario["host-3"])
    assert f"issued by {NAME}, valid for" in scenario.ask("ada", "node host-2")


def test_a_cluster_without_external_ca_differs(scenario: Scenario, cfssl: Cfssl) -> None:
    """The condition of the test above is false without an external CA; adding one later is a rotation."""
    path = cfssl.copy_to(scenario["host-1"])
    scenario.change("cleo", "init host-1")
    before = scenario.inspect()
    answer = scenario.ask("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert={path}")
    assert "Another CA means a rotation of the root certificate" in answer, answer
    assert scenario.inspect() == before
    assert not cfssl.issued(scenario["host-1"])


def test_a_missing_ca_certificate_stops_init(scenario: Scenario, cfssl: Cfssl) -> None:
    """The error names the path, and no cluster is created."""
    answer = scenario.ask("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert=/etc/docker/no.pem")
    assert answer.startswith("Refused: ")
    assert "`/etc/docker/no.pem`" in answer
    assert scenario.membership("host-1") == "inactive"
