"""Host keys of jump host and host are trusted one after the other, with real SSH servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Failed, HostUnreachable
from sandbox.fleet import Fleet
from tests.kits.engines import engines, second_sshd

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]


def test_a_jump_host_is_trusted_first(hosts: Fleet, tmp_path: Path) -> None:
    """Only the key of an unknown jump host is visible until it is trusted. Names contain the port."""
    known = tmp_path / "known_hosts"
    with (
        second_sshd(hosts, hosts["host-1"], tmp_path / "unused") as place,
        engines(hosts, ssh={"known_hosts": str(known)}, host_1=place, host_2={"jump": "host-1"}) as cluster,
    ):
        engine = cluster["host-2"]
        with pytest.raises(HostUnreachable) as caught:
            engine.info()
        assert "`/swarm trust host-2`" in caught.value.next_step
        [jump] = engine.host_keys()
        assert (jump.machine, jump.status) == ("host-1", "unknown")
        assert jump.known_as == f"[{hosts['host-1'].address}]:2222"
        engine.trust("host-1", jump.fingerprint)
        first, second = engine.host_keys()
        assert (first.machine, first.status) == ("host-1", "trusted")
        assert (second.machine, second.status) == ("host-2", "unknown")
        engine.trust("host-2", second.fingerprint)
        assert engine.info()["Name"] == "host-2"
    assert len(known.read_text().splitlines()) == 2


def test_only_the_requested_key_is_written(hosts: Fleet, tmp_path: Path) -> None:
    """If the host has another key, no file is created."""
    known = tmp_path / "known_hosts"
    with engines(hosts, ssh={"known_hosts": str(known)}) as cluster, pytest.raises(Failed) as caught:
        cluster["host-2"].trust("host-2", "SHA256:compared")
    assert "not SHA256:compared" in caught.value.happened
    assert not known.exists()
