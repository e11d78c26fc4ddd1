"""How much space a join needs: what the preflight refuses, no engine can do."""

from __future__ import annotations

import pytest

from bot.errors import Failed
from bot.model import Role
from bot.swarm.health.preflight import JOIN_SPACE_BYTES
from sandbox.fleet import Fleet
from tests.kits.full_disk import disks_of_their_own, leave_room

pytestmark = pytest.mark.fleet
MIB = 1024**2
PAGE_BYTES = 4096
"""A tmpfs has no smaller part."""


@pytest.mark.parametrize("role", JOIN_SPACE_BYTES)
def test_less_space_than_a_join_needs(hosts: Fleet, role: Role) -> None:
    """With a MiB more than the bound a host joins, with a page less it does not."""
    one, two = hosts["host-1"], hosts["host-2"]
    with disks_of_their_own([two]):
        for room, joins in ((JOIN_SPACE_BYTES[role] + MIB, True), (JOIN_SPACE_BYTES[role] - PAGE_BYTES, False)):
            one.docker("swarm", "init", "--advertise-addr", one.address)
            token = one.docker("swarm", "join-token", "--quiet", role).strip()
            join = ("swarm", "join", "--token", token, f"{one.address}:2377")
            leave_room(two, room)
            if joins:
                two.docker(*join)
                two.docker("swarm", "leave", "--force")
            else:
                with pytest.raises(Failed, match="no space left on device"):
                    two.docker(*join)
            one.docker("swarm", "leave", "--force")
