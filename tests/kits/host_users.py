"""Users of a fleet's hosts other than root, with groups, sudo rules and shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from bot.errors import Failed
from sandbox.fleet import Fleet

FIRST_ID: Final = 7800
SUDO_FREE: Final = "ALL=(root) NOPASSWD: ALL"
SUDO_ASKS: Final = "ALL=(root) ALL"


@dataclass(frozen=True)
class User:
    """One user."""

    name: str
    shell: str = "/bin/sh"
    docker: bool = False
    """Whether the user is a member of the group docker."""
    sudoers: str = ""
    """The user's rule in /etc/sudoers."""
    rc: str = ""
    """The content of ``.bashrc``."""

    @property
    def home(self) -> str:
        """The home folder, in the memory of the host."""
        return f"/run/home-{self.name}"


@contextmanager
def present(fleet: Fleet, people: Iterable[User]) -> Iterator[None]:
    """Add the users to every host that is on, until the host boots again or the context ends.

    Hosts see the fleet's passwd, shadow, group and sudoers; the machine's files do not change.
    """
    people = tuple(people)
    files = {name: fleet.files.etc / name for name in ("passwd", "shadow", "group")}
    before = {name: path.read_text() for name, path in files.items()}
    sudoers = fleet.files.etc / "sudoers"
    sudoers.write_text("".join(f"{user.name} {user.sudoers}\n" for user in people if user.sudoers))
    sudoers.chmod(0o440)
    lines = [f"{user.name}:x:{uid}:{uid}::{user.home}:{user.shell}\n" for uid, user in enumerate(people, FIRST_ID)]
    # Written in place, because hosts have these files mounted.
    files["passwd"].write_text(before["passwd"] + "".join(lines))
    files["shadow"].write_text(before["shadow"] + "".join(f"{user.name}:*:19000:0:99999:7:::\n" for user in people))
    files["group"].write_text(_grouped(before["group"], [user.name for user in people if user.docker]))
    try:
        for host in fleet:
            host.run("mount", "--bind", str(sudoers), "/etc/sudoers")
            for user in people:
                host.run("install", "-d", "-m", "755", user.home)
                host.run("sh", "-c", 'printf "%s\\n" "$1" >"$2"/.bashrc', "sh", user.rc, user.home)
        yield
    finally:
        for host in fleet:
            with suppress(Failed):  # the mount is gone if the host booted again
                host.run("umount", "/etc/sudoers")
        for name, text in before.items():
            files[name].write_text(text)


def _grouped(group: str, members: list[str]) -> str:
    lines = [f"{line}{','.join(members)}" if line.startswith("docker:") else line for line in group.splitlines()]
    return "".join(f"{line}\n" for line in lines)
