"""Where an engine that does not run has its data, and whose swarm state lies there, is read or is not known."""

from __future__ import annotations

import pytest

from bot.engine.disk.data_root import parse
from bot.engine.disk.stopped import address_of, node_of

START = "ExecStart={{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// {flags} ; ignore_errors=no }}\n"
DEBIAN = START.format(flags="--containerd=/run/containerd/containerd.sock $DOCKER_OPTS")
PEERS = '[{"node_id":"one","addr":"192.0.2.1:2377"},{"node_id":"six","addr":"[2001:db8::6]:2377"}]'


@pytest.mark.parametrize(
    ("unit", "settings", "root"),
    [
        (DEBIAN, "", "/var/lib/docker"),
        (DEBIAN, "{}", "/var/lib/docker"),
        (DEBIAN, '{"data-root": "/srv/docker"}', "/srv/docker"),
        (DEBIAN, '{"graph": "/srv/old"}', "/srv/old"),
        (START.format(flags="--data-root /srv/flag"), "", "/srv/flag"),
        (START.format(flags="--data-root=/srv/flag --debug"), "", "/srv/flag"),
        (START.format(flags="-g /srv/short"), "", "/srv/short"),
        (DEBIAN + 'DOCKER_OPTS="--data-root=/srv/default"\n', "", "/srv/default"),
        ("Environment=DOCKER_OPTS=--data-root=/srv/env\n" + DEBIAN, '{"debug": true}', "/srv/env"),
        ("", '{"data-root": "/srv/docker"}', "/srv/docker"),
        ("", "", None),
        ("ExecStart=\nEnvironment=\n", "{}", None),
        (START.format(flags="--data-root /srv/flag"), '{"data-root": "/srv/docker"}', None),
        (DEBIAN, "{not json", None),
        (DEBIAN, "[]", None),
    ],
)
def test_the_data_folder_is_where_unit_and_settings_say(unit: str, settings: str, root: str | None) -> None:
    """One place that is named, or the default of a unit that names none; never a guess between two, or without any."""
    assert parse(unit, settings) == root


def test_the_address_of_a_node_is_the_one_that_its_peers_have() -> None:
    """Without its port; "" for a node that is not among them, and for what is no list of peers."""
    assert address_of("one", PEERS) == "192.0.2.1"
    assert address_of("six", PEERS) == "2001:db8::6"
    for node, peers in (("two", PEERS), ("one", ""), ("one", "{}"), ("one", '["one"]')):
        assert address_of(node, peers) == ""


def test_what_is_no_certificate_names_no_node() -> None:
    """The fleet's tests read real ones."""
    assert node_of("") == ""
    assert node_of("-----BEGIN CERTIFICATE-----\n") == ""
