"""Deploys recorded on a real engine: nothing is written, and what was deployed is recognized."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.engine.pool import ClusterEngines, EnginePool
from bot.model import StackQuery, StackRecording
from bot.secrets.secret import Secret
from bot.swarm.stacks.checks import network_drift
from bot.swarm.stacks.writes import digest, pending_writes
from sandbox.fleet import Fleet
from tests.kits.engines import NO_SSH_CONFIG

HERE = Path(__file__).parent
CLIS = sorted({path for path in ("/usr/bin/docker", "/usr/local/bin/docker") if Path(path).exists()})
QUERY = StackQuery("app", resolve="never")


@contextmanager
def cluster(hosts: Fleet, compose: Path, cli: str) -> Iterator[ClusterEngines]:
    """Yield the engines of a cluster with the stack ``app``, recorded by this command line."""
    config: dict[str, Any] = hosts.config()
    config["clusters"]["prod"]["stacks"] = {"app": str(compose)}
    config["deploy"] = {"docker": cli}
    pool = EnginePool(Config(**config), NO_SSH_CONFIG, secret_key=Secret("k" * 32))
    try:
        yield pool.cluster("prod")
    finally:
        pool.close()


@pytest.fixture
def compose(tmp_path: Path, hosts: Fleet) -> Path:
    """A compose file with nearly every key, and a cluster to deploy it to."""
    shutil.copy(HERE / "every-key.yml", tmp_path / "compose.yml")
    (tmp_path / "c.txt").write_text("content")
    hosts["host-1"].docker("swarm", "init", "--advertise-addr", hosts["host-1"].address)
    return tmp_path / "compose.yml"


def record(engines: ClusterEngines, query: StackQuery = QUERY) -> StackRecording:
    """Return a recording."""
    return engines.stack_recorder.record(engines["host-1"], query)


def carry_out(engines: ClusterEngines) -> None:
    """Send what the recordings say, one write after the other, as the steps of a deploy do."""
    while created := [write for write in record(engines).writes if write.action == "create"]:
        write = created[0]
        engines["host-1"].write("POST", f"/{write.type}s/create", api=write.api, body={**write.body})


def test_what_was_deployed_needs_no_write(hosts: Fleet, compose: Path) -> None:
    """Whichever command line deployed it, each of them then finds no change. A recording itself writes nothing."""
    with cluster(hosts, compose, CLIS[-1]) as engines:
        planned = record(engines)
        assert len(planned.writes) == 10
        assert {digest(planned, write) for write in planned.writes} == {
            digest(planned, write) for write in record(engines).writes
        }
        assert all(each.stack == "" for each in record(engines).objects)
        carry_out(engines)
    for cli in CLIS:
        with cluster(hosts, compose, cli) as engines:
            found = record(engines, replace(QUERY, thorough=True))
            assert [write.name for write in pending_writes(found)] == []
            assert len(found.writes) == 7
            assert found.conflicts == ()
            assert network_drift(found) == ()


def test_the_content_of_a_secret_is_compared_without_a_write(hosts: Fleet, compose: Path) -> None:
    """An engine compares the content before the version, which no record has. The record stays as it is."""
    with cluster(hosts, compose, CLIS[0]) as engines:
        engine = engines["host-1"]
        spec = {"Name": "s", "Labels": {}, "Data": base64.b64encode(b"one").decode()}
        identity = engine.write("POST", "/secrets/create", api="1.41", body=spec)["ID"]
        before = engine.secrets()
        assert engine.secret_has(identity, spec)
        assert not engine.secret_has(identity, {**spec, "Data": base64.b64encode(b"two").decode()})
        assert engine.secrets() == before


def test_another_template_driver_is_another_content(hosts: Fleet, compose: Path) -> None:
    """An engine takes such an update and ignores it: the object must be a new one."""
    with cluster(hosts, compose, CLIS[-1]) as engines:
        carry_out(engines)
        compose.write_text(compose.read_text().replace(", template_driver: golang", ""))
        pending = pending_writes(record(engines))
        assert [f"{write.action} {write.base or write.name}" for write in pending] == [
            "create named_c2",
            "update app_a",
        ]
        carry_out(engines)
        assert [write.name for write in pending_writes(record(engines))] == ["app_a"]


def test_what_one_recording_cannot_see(hosts: Fleet, compose: Path) -> None:
    """Other contents of configs and secrets, and options of a network, which the command line does not even mention."""
    with cluster(hosts, compose, CLIS[-1]) as engines:
        carry_out(engines)
        compose.write_text(compose.read_text().replace("plain: {attachable: true}", "plain: {attachable: false}"))
        (compose.parent / "c.txt").write_text("another content")
        found = record(engines, replace(QUERY, thorough=True))
    [drift] = network_drift(found)
    assert "`app_plain` stays as it is, unlike the compose file (Attachable `True`, not `False`)" in drift
    pending = {f"{write.shown_action} {write.base or write.name}" for write in pending_writes(found)}
    assert pending == {"update app_c", "update named_c2", "update app_s", "update app_a"}
