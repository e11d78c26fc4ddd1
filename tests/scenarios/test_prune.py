"""`/swarm prune` on real engines: what goes, what containers and specs keep, and a node that is off."""

from __future__ import annotations

import re
from typing import Final

import pytest

from bot.errors import Failed
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create

pytestmark = pytest.mark.timeout(400)

OLD: Final = ("old/unused:1", "old/unused:stable", "other/name:1")
CHILD: Final = "old/child:1"
HELD: Final = "kept/held:1"
BEFORE: Final = "kept/before:1"
NOW: Final = "kept/now:1"
REFUSALS: Final = {HELD: "is using its referenced image|stopped container", OLD[0]: "multiple repositories"}
"""What an engine says to the removal of an image by its id, without force."""
NEEDED: Final = {TASK_IMAGE, HELD, BEFORE, NOW}


def tags(host: Host) -> set[str]:
    """Return the names of a host's images."""
    return {*host.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()}


def have(host: Host, name: str, *others: str) -> None:
    """Load an image of its own on the host, which is made from no other one, under these names."""
    container = host.docker("create", TASK_IMAGE).strip()
    change = f"--change 'LABEL for={name}'"
    host.run("sh", "-c", f"docker export {container} | docker import {change} - {name}")
    host.docker("rm", container)
    for other in others:
        host.docker("tag", name, other)


def test_unused_images_go_and_needed_ones_stay(scenario: Scenario) -> None:
    """Those of a running task, of a stopped container, of a spec without tasks and of the spec before stay."""
    scenario.cluster(workers=("host-2", "host-3"))
    manager, worker = scenario["host-1"], scenario["host-2"]
    for names in (OLD, (HELD,), (BEFORE,), (NOW,)):
        have(worker, *names)
    worker.docker("create", "--name", "held", HELD, "sh")
    worker.docker("create", "--name", "parent", TASK_IMAGE)
    worker.docker("commit", "parent", CHILD)
    worker.docker("rm", "parent")
    create(scenario, "web", "--constraint", "node.hostname==host-2", replicas=1)
    still = ("--detach", "--no-resolve-image")
    manager.docker("service", "create", *still, "--name", "still", "--replicas", "0", BEFORE)
    manager.docker("service", "update", *still, "--image", NOW, "still")
    for name, refusal in REFUSALS.items():
        digits = worker.docker("image", "inspect", "--format", "{{.Id}}", name).strip()
        with pytest.raises(Failed, match=refusal):
            worker.docker("image", "rm", digits)
    plan = scenario.ask("ada", "prune host-2 --plan")
    assert "removing 2 images of host-2 (frees at most " in plan.replace("`", ""), plan
    assert re.search("old/unused:1.* have no digest of a registry", plan), plan
    assert tags(worker) == {*OLD, CHILD, *NEEDED}

    card = scenario.confirmed("ada", "prune host-2", "have no digest of a registry")
    assert card.text.startswith("✓ *`host-2` is pruned*"), card.text
    assert re.search("2 images of host-2 removed: .*old/unused:1", card.text.replace("`", "")), card.text
    assert tags(worker) == NEEDED
    again = scenario.ask("ada", "prune host-2")
    assert again.startswith("✓ *No change needed*: `host-2` has no unused image"), again

    worker.docker("rm", "held")
    manager.docker("service", "rm", "still")
    scenario["host-3"].power_off()
    card = scenario.confirmed("ada", "prune all", "have no digest of a registry")
    assert card.text.startswith("! *2 of 3 nodes of prod are pruned*"), card.text
    assert re.search("✗ .*host-3", card.text), card.text
    assert "3 images of host-2 removed" in card.text.replace("`", ""), card.text
    assert "host-1 has no unused image, as before" in card.text.replace("`", ""), card.text
    assert tags(worker) == {TASK_IMAGE}
