"""The settings that give the tasks of a service rights on their nodes, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath
from typing import Any, Final

from bot.blocks import plain_line, tick
from bot.model import StackRecording
from bot.swarm.stacks.writes import before, canonical, pending_writes
from bot.text.suggest import listed

SOCKETS: Final = ("docker.sock", "containerd.sock")
SOCKET_FOLDERS: Final = frozenset({"/", "/run", "/var/run", "/run/containerd", "/var/run/containerd"})
"""Folders of these sockets: opening a socket needs no right to write to its folder."""
SYSTEM_FOLDERS: Final = (
    *("/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys"),
    *("/usr", "/var/lib/docker", "/var/run", "/var/spool"),
)
"""Paths that make a writer root: by an account, a program, a device, a key or a job."""
ABOVE: Final = frozenset({"/", "/var", "/var/lib"})
"""Folders that hold some of these paths."""
KEY_FOLDERS: Final = ("/etc/shadow", "/etc/ssh", "/home", "/root", "/var/lib/docker")
"""Paths with keys and passwords of people, of the host, of the cluster and of other services."""


def new_rights(recording: StackRecording) -> Iterator[str]:
    """Yield the rights that services get with a deploy. What a service may do already is not repeated."""
    for write in pending_writes(recording):
        if write.type != "service" or write.action == "delete":
            continue
        known = before(recording, write)
        had = set(_rights(canonical(recording, "service", known.spec))) if known else set()
        for right in dict.fromkeys(_rights(canonical(recording, "service", write.body))):
            if right not in had:
                yield f"{tick(write.name)} {right}"


def _rights(spec: Mapping[str, Any]) -> Iterator[str]:
    template = spec.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    for mount in container.get("Mounts") or ():
        if (path := _host_path(mount)) and (right := _path_right(path, writable=not mount.get("ReadOnly"))):
            yield right
    if added := container.get("CapabilityAdd"):
        yield f"gets the capabilities {listed(tick(plain_line(str(each))) for each in added)}."
    if any(network.get("Target") == "host" for network in template.get("Networks") or ()):
        yield (
            "uses the network of its nodes (`host`): it reaches what listens on 127.0.0.1 there, and can listen on "
            "every port."
        )


def _host_path(mount: Mapping[str, Any]) -> str:
    """Return the path of the node that a mount shows; "" if it shows none. A volume's driver can mount one too."""
    if mount.get("Type") == "bind":
        return normpath("/" + str(mount.get("Source") or "").lstrip("/"))
    driver = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    device = str((driver.get("Options") or {}).get("device") or "")
    is_path = driver.get("Name") in {None, "local"} and device.startswith("/") and not device.startswith("//")
    return normpath(device) if is_path else ""


def _path_right(path: str, *, writable: bool) -> str:
    """Return what a mounted path of the node allows a container to do; "" if it can only read what is no secret."""
    mounts = f"mounts {tick(plain_line(path))} of its nodes"
    if path.endswith(SOCKETS) or path in SOCKET_FOLDERS or (writable and path in ABOVE.union(SYSTEM_FOLDERS)):
        return f"{mounts}: it has root's rights there."
    if writable and _is_in(path, SYSTEM_FOLDERS):
        return f"{mounts} writable: it can change the system there, which can give it root's rights."
    if writable:
        return f"{mounts} writable: it can change what is kept there."
    if path == "/etc" or path in ABOVE or _is_in(path, KEY_FOLDERS):
        return f"{mounts}: it can read the keys and passwords that are kept there."
    return ""


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for folder in folders)
