"""One engine's part in a trial of the overlay network, by the Engine API alone: it needs no registry and no root."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.engine.api.client import EngineClient
from bot.engine.ssh.shell import read
from bot.errors import EngineError

LABEL: Final = "swarmbot.check"
SCRIPT_TIMEOUT_S: Final = 10.0
POLL_INTERVAL_S: Final = 0.2
NOT_FOUND: Final = 404
DETACH_TIMEOUT_S: Final = 8.0
"""How long engines may take to drop the network after their containers were removed."""

# The image is empty: the container uses the host's own programs, read-only. Only folders that exist are bound, because
# an engine creates a folder on the host for a bind whose source does not exist.
USERLAND_SCRIPT: Final = 'for each in /usr /bin /lib /lib64 /nix; do if [ -d "$each" ]; then echo "$each"; fi; done'

# "Refused" is the response of the other container's kernel. Gossip needs a moment to announce new containers.
TRIAL_SCRIPT: Final = r"""
for round in 1 2; do
  until [ -e /trial/go$round ] || ((SECONDS > 120)); do sleep 0.1; done
  began=$SECONDS
  while read -r address; do
    (until [[ $(timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/9"' "$address" 2>&1) == *refused* ]]; do
      ((SECONDS - began > 6)) && exit
      sleep 0.2
    done
    echo "reached $address") &
  done </trial/addresses$round
  wait
  echo "end $round"
done
sleep 120
"""


class EngineOverlayTrial:
    """See :class:`bot.model.network.OverlayTrial`."""

    def __init__(self, client: EngineClient, name: str) -> None:
        self._client = client
        self._name = name
        self._round = 0

    def make_network(self) -> None:
        """``POST /networks/create``."""
        body = {"Name": self._name, "Driver": "overlay", "Attachable": True, "Labels": {LABEL: self._name}}
        self._client.change("POST", "/networks/create", body=body)

    def remove_network(self) -> None:
        """``DELETE /networks/{name}``; retry while engines still use it."""
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
        """Wait until this engine no longer lists the network: engines drop it one after the other."""
        deadline = time.monotonic() + DETACH_TIMEOUT_S
        while self._client.read(lambda api: api.networks(names=[self._name])):
            if time.monotonic() > deadline:
                raise EngineError(
                    self._client.host, 0, f"the trial's network still exists after {DETACH_TIMEOUT_S:.0f} s"
                )
            time.sleep(POLL_INTERVAL_S)

    def start(self) -> str:
        """Import an empty image, create and start a container of it, and return the container's IP address."""
        tar = _tar({"trial/": b""})
        self._client.change("POST", "/images/create", params={"fromSrc": "-", "repo": self._name}, content=tar)
        self._client.change("POST", "/containers/create", params={"name": self._name}, body=self._container())
        self._client.change("POST", f"/containers/{self._name}/start")
        found = self._client.read(lambda api: api.inspect_container(self._name))
        return str(found["NetworkSettings"]["Networks"][self._name]["IPAddress"])

    def tell(self, addresses: Sequence[str]) -> None:
        """Copy the addresses into the container, and after them the file that it waits for."""
        lines = "".join(f"{address}\n" for address in addresses).encode()
        self._round += 1
        tar = _tar({f"trial/addresses{self._round}": lines, f"trial/go{self._round}": b""})
        self._client.change("PUT", f"/containers/{self._name}/archive", params={"path": "/"}, content=tar)

    def reached(self) -> frozenset[str] | None:
        """Return the addresses that the container reached, or None if it has not finished."""
        log: bytes = self._client.read(lambda api: api.logs(self._name, stderr=False))
        lines = [line.split() for line in log.decode(errors="replace").splitlines()]
        if ["end", str(self._round)] not in lines:
            return None
        return frozenset(line[1] for line in lines if len(line) > 1 and line[0] == "reached")

    def peers(self) -> frozenset[str]:
        """``Peers`` of ``GET /networks/{name}``."""
        found: dict[str, Any] = self._client.read(lambda api: api.inspect_network(self._name))
        return frozenset(str(peer["IP"]) for peer in found.get("Peers") or ())

    def remove(self) -> None:
        """Remove the container, then its image; the image even if the container could not be removed."""
        try:
            self._delete(f"/containers/{self._name}", force="true", v="true")
        finally:
            self._delete(f"/images/{self._name}", force="true")

    def _container(self) -> dict[str, Any]:
        folders = read(self._client.dialer.connection, USERLAND_SCRIPT, timeout=SCRIPT_TIMEOUT_S).out.split()
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
    """Return the names of trials that left something on this engine. Raises HostUnreachable, EngineError."""
    wanted = {"label": [LABEL]}
    containers = client.read(lambda api: api.containers(all=True, filters={"label": LABEL}))
    names = {str(found["Labels"][LABEL]) for found in containers}
    networks = client.read(lambda api: api.networks(filters=wanted))
    names |= {str(found["Labels"][LABEL]) for found in networks}
    images = client.read(lambda api: api.images("swarmbot-check-*"))
    return frozenset(names | {tag.partition(":")[0] for found in images for tag in found.get("RepoTags") or ()})


def _tar(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of ``files`` in their order, readable by everyone; names that end in a slash are folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            entry.mode = 0o755 if name.endswith("/") else 0o644
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
