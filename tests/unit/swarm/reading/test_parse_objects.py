"""Networks, secrets, configs and volumes as facts. The records are shortened answers of an engine 20.10.24."""

from __future__ import annotations

from bot.model import NetworkFacts, StoredObject, VolumeFacts
from bot.model.service import STACK_LABEL
from bot.swarm.reading import parse_objects

TIME = "2026-11-25T10:12:00.5Z"
SECONDS = 1795601520.5


def test_a_network() -> None:
    """An overlay is encrypted if the option is there, even empty, as Docker's command sends it."""
    record = {
        "Id": "n1",
        "Name": "shop_default",
        "Driver": "overlay",
        "Created": TIME,
        "Attachable": True,
        "IPAM": {"Config": [{"Subnet": "10.0.1.0/24"}, {}]},
        "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4097", "encrypted": ""},
        "Labels": {STACK_LABEL: "shop"},
    }
    [network] = parse_objects.networks([record])
    subnets, labels = ("10.0.1.0/24",), {STACK_LABEL: "shop"}
    assert network == NetworkFacts(
        "n1", "shop_default", "overlay", subnets, attachable=True, encrypted=True, labels=labels, created=SECONDS
    )
    assert network.stack == "shop"


def test_the_content_of_a_config_is_dropped() -> None:
    """An engine sends it with the list of all configs."""
    record = {"ID": "c1", "CreatedAt": TIME, "UpdatedAt": TIME, "Spec": {"Name": "a<b", "Data": "Y29udGVudA=="}}
    [config] = parse_objects.stored_objects([record])
    assert config == StoredObject("c1", "a?b", created=SECONDS, updated=SECONDS)
    assert "Y29udGVudA" not in repr(config)


def test_volumes_are_sorted() -> None:
    """A driver may know no time, or write it in its own way."""
    records = [{"Name": name, "Driver": "local", "Labels": None, "CreatedAt": "yesterday"} for name in ("b", "a")]
    assert parse_objects.volumes(records) == (VolumeFacts("a", "local"), VolumeFacts("b", "local"))
