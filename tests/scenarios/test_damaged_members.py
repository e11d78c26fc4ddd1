"""Members that are not what the managers believe: a clone, and an engine that cannot start its membership."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.fleet.host import Host
from tests.kits.scenario import Scenario


def _swarm_folder(host: Host) -> Path:
    return host.folder / "data" / "swarm"


def test_a_clone_of_a_worker_is_named_and_repaired(scenario: Scenario) -> None:
    """Two hosts have one node id: both are named, no order reaches either, and the clone alone is repaired."""
    scenario.cluster(workers=("host-3",), ingress=True)
    clone = scenario["host-4"]
    clone.stop_docker()
    shutil.rmtree(_swarm_folder(clone), ignore_errors=True)
    shutil.copytree(_swarm_folder(scenario["host-3"]), _swarm_folder(clone), symlinks=True)
    clone.start_docker()
    told = scenario.await_status("`host-3` and `host-4` have the same node id")
    assert "On the clone only, run `docker swarm leave --force`" in told
    assert "host-3, host-4 (clones)" in scenario.ask("eve", "nodes")
    for order in ("leave host-4", "leave host-3 --force", "drain host-3", "remove host-4", "join worker host-4"):
        assert "one is a clone of the other" in scenario.ask("cleo", order), order
    assert [node for node in scenario.nodes().values() if "Drain" in node] == []
    clone.docker("swarm", "leave", "--force")
    scenario.change("ada", "join worker host-4")
    assert "3 of 3 nodes ready" in scenario.await_status("prod is healthy")


def test_a_member_whose_engine_cannot_start_it_is_explained(scenario: Scenario) -> None:
    """Its node certificate is damaged: status and join say how it becomes a node again."""
    scenario.cluster(workers=("host-3", "host-4"), ingress=True)
    scenario["host-4"].stop_docker()
    (_swarm_folder(scenario["host-4"]) / "certificates" / "swarm-node.crt").write_text("damaged")
    scenario["host-4"].start_docker()
    scenario.await_status("the engine of `host-4` cannot start its membership")
    # The managers see it down some seconds later; until then its record could be that of another host.
    scenario.await_status("`/swarm leave host-4 --force`, then `/swarm join worker host-4`")
    assert "/swarm leave host-4 --force" in scenario.change("ada", "join worker host-4").text


def test_a_certificate_that_expired_while_its_host_was_off(scenario: Scenario) -> None:
    """Nothing is lost unasked; the forced leave says what is lost, and the advised join makes it a node again."""
    scenario.cluster(workers=("host-3", "host-4"), ingress=True)
    scenario["host-4"].stop_docker()
    certificate = _swarm_folder(scenario["host-4"]) / "certificates" / "swarm-node.crt"
    certificate.write_bytes(expired(certificate.read_bytes()))
    scenario["host-4"].start_docker()
    assert "expired" in scenario.await_status("the engine of `host-4` cannot start its membership")
    scenario.await_status("`/swarm leave host-4 --force`, then `/swarm join worker host-4`")
    assert "discard the membership: `/swarm leave host-4 --force`" in scenario.ask("cleo", "leave host-4")
    assert "loses its certificate, labels and availability" in scenario.ask("cleo", "leave host-4 --force --plan")
    left = scenario.change("cleo", "leave host-4 --force")
    assert left.text.startswith("✓"), left.text
    assert scenario.membership("host-4") == "inactive"
    joined = scenario.change("ada", "join worker host-4")
    assert joined.text.startswith("✓ *1 worker joined prod*"), joined.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-3": "Ready Active", "host-4": "Ready Active"}


def expired(certificate: bytes) -> bytes:
    """Return a certificate of the same node and key that expired an hour ago.

    Another key signs it. An engine looks at the dates first.
    """
    old, now = x509.load_pem_x509_certificate(certificate), datetime.now(UTC)
    new = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=3))
        .not_valid_after(now - timedelta(hours=1))
    )
    for extension in old.extensions:
        new = new.add_extension(extension.value, extension.critical)
    return new.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)
