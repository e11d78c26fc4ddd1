"""Names that hosts and engines report can stand in backticks as they are, with any characters."""

from __future__ import annotations

from hypothesis import given

from bot.swarm.reading import parse, parse_objects, parse_services
from tests.kits.hostile_text import HOSTILE, markup_of_text
from tests.unit.swarm.reading.test_parse import record

PLAIN = markup_of_text("x")


@given(HOSTILE)
def test_reported_names_are_plain(text: str) -> None:
    """Host names and versions of nodes and hosts; names of services, networks, secrets, configs and volumes."""
    described = {"Hostname": text, "Engine": {"EngineVersion": text}}
    [node] = parse.nodes([record("one", "2026-11-25T10:12:27Z") | {"Description": described}])
    host = parse.host("host-1", "10.0.0.1", {"Name": text, "ServerVersion": text})
    [service] = parse_services.services([{"ID": "s1", "Version": {"Index": 1}, "Spec": {"Name": text}}])
    [network] = parse_objects.networks([{"Id": "n1", "Name": text, "Driver": text}])
    [config] = parse_objects.stored_objects([{"ID": "c1", "Spec": {"Name": text}}])
    [volume] = parse_objects.volumes([{"Name": text, "Driver": text}])
    names = [node.hostname, node.engine_version, host.hostname, host.engine_version, service.name]
    names += [network.name, network.driver, config.name, volume.name, volume.driver]
    assert all(markup_of_text(f"`{name or 'x'}`") == PLAIN for name in names)
