"""One engine's part in a trial of the overlay, by the Engine API alone: no registry is asked and no root is needed."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.engine.api.client import EngineClient
from bot.engine.ssh.shell import run
from bot.errors import EngineError

LABEL: Final = "swarmbot.check"
SCRIPT_TIMEOUT_S: Final = 10.0
POLL_INTERVAL_S: Final = 0.2
NOT_FOUND: Final = 404
DETACH_TIMEOUT_S: Final = 8.0
"""Seconds within which engines give the network up after their containers were removed."""

# The image is empty: the container sees the host's own programs, read-only. Those that are there are asked for, since
# an engine makes a folder on the host for a bind of one that is not.
USERLAND_SCRIPT: Final = 'for each in /usr /bin /lib /lib64 /nix; do if [ -d "$each" ]; then echo "$each"; fi; done'

# A refusal is the answer of the other container's kernel. Gossip needs a moment to tell engines of new containers.
TRIAL_SCRIPT: Final = r"""
until [ -e /trial/go ] || ((SECONDS > 120)); do sleep 0.1; done
began=$SECONDS
while read -r address; do
  (until [[ $(timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/9"' "$address" 2>&1) == *refused* ]]; do
    ((SECONDS - began > 6)) && exit
    sleep 0.2
  done
  echo "reached $address") &
done </trial/addresses
wait
echo end
sleep 120
"""


class EngineOverlayTrial:
    """See :class:`bot.model.network.OverlayTrial`."""

    def __init__(self, client: EngineClient, name: str) -> None:
        self._client = client
        self._name = name

    def make_network(self) -> None:
        """``POST /networks/create``."""
        body = {"Name": self._name, "Driver": "overlay", "Attachable": True, "Labels": {LABEL: self._name}}
        self._client.change("POST", "/networks/create", body=body)

    def remove_network(self) -> None:
        """``DELETE /networks/{name}``, again as long as engines still use it."""
        deadline = time.monotonic() + DETACH_TIMEOUT_S
        while True:
            try:
                self._delete(f"/networks/{self._name}")
            except EngineError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_INTERVAL_S)
            else:
                return

    def forget(self) -> None:
        """Wait until the network is not seen here: engines give it up one after the other."""
        deadline = time.monotonic() + DETACH_TIMEOUT_S
        while self._client.ask(lambda api: api.networks(names=[self._name])):
            if time.monotonic() > deadline:
                raise EngineError(self._client.host, 0, f"its network is still there after {DETACH_TIMEOUT_S:.0f} s")
            time.sleep(POLL_INTERVAL_S)

    def start(self) -> str:
        """Import an empty image, then create and start a container of it."""
        tar = _tar({"trial/": b""})
        self._client.change("POST", "/images/create", params={"fromSrc": "-", "repo": self._name}, content=tar)
        self._client.change("POST", "/containers/create", params={"name": self._name}, body=self._container())
        self._client.change("POST", f"/containers/{self._name}/start")
        found = self._client.ask(lambda api: api.inspect_container(self._name))
        return str(found["NetworkSettings"]["Networks"][self._name]["IPAddress"])

    def tell(self, addresses: Sequence[str]) -> None:
        """Put the addresses into the container; what it waits for comes after them."""
        lines = "".join(f"{address}\n" for address in addresses).encode()
        tar = _tar({"trial/addresses": lines, "trial/go": b""})
        self._client.change("PUT", f"/containers/{self._name}/archive", params={"path": "/"}, content=tar)

    def reached(self) -> frozenset[str] | None:
        """What the container has written."""
        log: bytes = self._client.ask(lambda api: api.logs(self._name, stderr=False))
        lines = [line.split() for line in log.decode(errors="replace").splitlines()]
        if ["end"] not in lines:
            return None
        return frozenset(line[1] for line in lines if len(line) > 1 and line[0] == "reached")

    def peers(self) -> frozenset[str]:
        """``Peers`` of ``GET /networks/{name}``."""
        found: dict[str, Any] = self._client.ask(lambda api: api.inspect_network(self._name))
        return frozenset(str(peer["IP"]) for peer in found.get("Peers") or ())

    def remove(self) -> None:
        """Remove the container, then its image."""
        self._delete(f"/containers/{self._name}", force="true", v="true")
        self._delete(f"/images/{self._name}", force="true")

    def _container(self) -> dict[str, Any]:
        folders = run(self._client.dialer.connection, USERLAND_SCRIPT, timeout=SCRIPT_TIMEOUT_S).out.split()
        mounts = [{"Type": "bind", "Source": each, "Target": each, "ReadOnly": True} for each in folders]
        return {
            "Image": self._name,
            "Cmd": ["bash", "-c", TRIAL_SCRIPT],
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"],
            "User": "65534:65534",
            "Tty": True,
            "Labels": {LABEL: self._name},
            "HostConfig": {
                "NetworkMode": self._name,
                "Mounts": mounts,
                "AutoRemove": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
            },
        }

    def _delete(self, path: str, **params: str) -> None:
        try:
            self._client.change("DELETE", path, params=params)
        except EngineError as error:
            if error.status != NOT_FOUND:
                raise


def left_trials(client: EngineClient) -> frozenset[str]:
    """The names of trials of which something is left on this engine. Raises HostUnreachable, EngineError."""
    wanted = {"label": [LABEL]}
    containers = client.ask(lambda api: api.containers(all=True, filters={"label": LABEL}))
    names = {str(found["Labels"][LABEL]) for found in containers}
    networks = client.ask(lambda api: api.networks(filters=wanted))
    names |= {str(found["Labels"][LABEL]) for found in networks}
    images = client.ask(lambda api: api.images("swarmbot-check-*"))
    return frozenset(names | {tag.partition(":")[0] for found in images for tag in found.get("RepoTags") or ()})


def _tar(files: Mapping[str, bytes]) -> bytes:
    """A tar of ``files`` that all may read, in their order; names that end in a slash are folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            entry.mode = 0o755 if name.endswith("/") else 0o644
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
