"""The data root of an engine that does not run."""

from __future__ import annotations

import pytest

from bot.engine.disk.data_root import parse

START = "ExecStart={{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// {flags} ; ignore_errors=no }}\n"
DEBIAN = START.format(flags="--containerd=/run/containerd/containerd.sock $DOCKER_OPTS")


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
def test_the_data_root_is_where_unit_and_settings_say(unit: str, settings: str, root: str | None) -> None:
    """The one folder that is named, or dockerd's default; None if two are named, or there is no unit."""
    assert parse(unit, settings) == root
