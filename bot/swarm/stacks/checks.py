"""What Docker's CLI sends silently and an engine then refuses or ignores, and what people must know. Pure.

Measured on engines 20.10 and 28.5 (docs/decisions/0033).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.blocks import plain_line, tick
from bot.errors import Refused
from bot.model import StackObject, StackRecording, StackWrite
from bot.swarm.stacks.rights import new_rights
from bot.swarm.stacks.writes import canonical, pending_writes
from bot.text.suggest import listed, number_of

UNCHANGED: Final = "Nothing was changed."
EVERY_NODE_HAS: Final = frozenset({"host", "none"})
"""Networks of each engine that a task may use on any node."""
_NETWORK_FIELDS: Final = ("Driver", "Attachable", "Internal", "EnableIPv6")


def refuse_impossible(recording: StackRecording, *, unresolved: str) -> None:
    """Raise Refused for what cannot be deployed in this way.

    ``unresolved`` is the command that deploys image names as they are; "" if this is it.
    """
    _refuse_conflicts(recording)
    _refuse_taken_ports(recording)
    if unresolved:
        _refuse_unresolved_images(recording, unresolved)


def stack_warnings(recording: StackRecording) -> tuple[str, ...]:
    """Return what people must know before they approve."""
    return (*orphans(recording), *new_rights(recording), *_local_networks(recording), *recording.notes)


def network_drift(recording: StackRecording) -> tuple[str, ...]:
    """Return how networks differ from the compose file: Docker never changes a network that exists."""
    found = []
    for write in recording.first_networks:
        known = recording.find("network", write.name)
        wrong = [*_network_differences(known, write.body)] if known else []
        if wrong:
            found.append(
                f"Network {tick(write.name)} stays as it is, unlike the compose file ({', '.join(wrong)}): Docker does "
                "not change a network. To apply it, give the network another name in the compose file"
            )
    return tuple(found)


def _refuse_conflicts(recording: StackRecording) -> None:
    for what in ("config", "secret"):
        names = [name for each, name in recording.conflicts if each == what]
        if names:
            which = f"{what}{'s' if len(names) > 1 else ''} {listed(map(tick, names))}"
            rename = f"Give it another name in the compose file (`{what}s:` → `name:`), and deploy again."
            other = f"`/swarm stack {recording.name} --diff --revision 0` compares it with the compose file."
            raise Refused(
                f"{recording.source} has another content for the {which}, which stack {tick(recording.name)} did not "
                f"create, and Docker does not change the content of a {what}.",
                true_now=UNCHANGED,
                next_step=other if recording.revision else rename,
            )


def _refuse_taken_ports(recording: StackRecording) -> None:
    removed = {write.id for write in recording.writes if write.action == "delete"}
    taken: dict[tuple[str, int], str] = {}
    written = [(write.name, write.body) for write in recording.writes if write.type == "service"]
    names = {name for name, _ in written}
    others = [
        (each.name, each.spec)
        for each in recording.objects
        if each.type == "service" and each.name not in names and each.id not in removed
    ]
    for name, spec in (*others, *written):
        for port in _ingress_ports(spec):
            other = taken.setdefault(port, name)
            if other != name:
                raise Refused(
                    f"Port {port[1]}/{port[0]} of {tick(name)} is already published by {tick(other)}.",
                    true_now=UNCHANGED,
                    next_step="Publish another port, or remove that service first.",
                )


def _ingress_ports(spec: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for port in (spec.get("EndpointSpec") or {}).get("Ports") or ():
        if port.get("PublishedPort") and (port.get("PublishMode") or "ingress") == "ingress":
            yield port.get("Protocol") or "tcp", int(port["PublishedPort"])


def unresolved_images(recording: StackRecording) -> tuple[str, ...]:
    """Return the images without a digest of the services that change. The CLI drops the warning for a new service."""
    images = {_image(write): None for write in pending_writes(recording) if write.type == "service" and write.body}
    return tuple(image for image in images if "@sha256:" not in image)


def _refuse_unresolved_images(recording: StackRecording, command: str) -> None:
    if images := unresolved_images(recording):
        raise Refused(
            f"No registry gave the digest of {listed(map(tick, images))}: each node could run another image by "
            "that name.",
            true_now=UNCHANGED,
            next_step=f"`/swarm {command}` deploys the name as it is. Or write the image with its digest."
            + (" The form then begins with the file that you entered." if recording.typed else ""),
        )


def _image(write: StackWrite) -> str:
    return str(((write.body.get("TaskTemplate") or {}).get("ContainerSpec") or {}).get("Image") or "")


def orphans(recording: StackRecording) -> Iterator[str]:
    """Yield the services of the stack that the compose file does not have."""
    written = {(write.type, write.name) for write in recording.writes}
    left = [each.name for each in recording.members if each.type == "service" and (each.type, each.name) not in written]
    if left:
        keep = "keeps running although it is" if len(left) == 1 else "keep running although they are"
        yield (
            f"{listed(map(tick, left))} {keep} not in the compose file. "
            f"`--prune` removes {number_of(len(left), 'service')}."
        )


def _local_networks(recording: StackRecording) -> Iterator[str]:
    networks = [each for each in recording.objects if each.type == "network"]
    known = {each.name for each in networks if each.spec.get("Scope") == "swarm"}
    known |= {write.name for write in recording.writes if write.type == "network"}
    for write in pending_writes(recording):
        spec = canonical(recording, write.type, write.body) if write.type == "service" else {}
        for network in (spec.get("TaskTemplate") or {}).get("Networks") or ():
            name = str(network.get("Target"))
            if name not in known | EVERY_NODE_HAS:
                yield (
                    f"{tick(write.name)} uses the network {tick(plain_line(name))}, which is not one of the cluster: "
                    "each node has its own, and they are not connected."
                )


def _network_differences(known: StackObject, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options that differ. An engine adds some by itself, so only what the compose file sets is compared."""
    for field in _NETWORK_FIELDS:
        have, want = known.spec.get(field) or None, wanted.get(field) or None
        if have != want:
            yield f"{field} {tick(plain_line(str(have or False)))}, not {tick(plain_line(str(want or False)))}"
    have_options, want_options = known.spec.get("Options") or {}, wanted.get("Options") or {}
    for name, value in sorted(want_options.items()):
        if have_options.get(name) != value:
            yield f"option {tick(plain_line(name))}"
    subnets = {each.get("Subnet") for each in (known.spec.get("IPAM") or {}).get("Config") or ()}
    for each in (wanted.get("IPAM") or {}).get("Config") or ():
        if each.get("Subnet") not in subnets:
            yield f"subnet {tick(plain_line(str(each.get('Subnet'))))}"
