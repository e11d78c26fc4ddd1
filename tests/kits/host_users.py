"""Users of a fleet's hosts who are not root, each with the groups, the sudo and the shell that a test is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from bot.errors import Failed
from sandbox.fleet import Fleet

FIRST_ID: Final = 7800
FREELY: Final = "ALL=(root) NOPASSWD: ALL"
ASKED: Final = "ALL=(root) ALL"


@dataclass(frozen=True)
class User:
    """One of them. ``sudoers`` is what /etc/sudoers says of the user, ``rc`` what a bash reads at its start."""

    name: str
    shell: str = "/bin/sh"
    docker: bool = False
    sudoers: str = ""
    rc: str = ""

    @property
    def home(self) -> str:
        """In the hosts' own memory."""
        return f"/run/home-{self.name}"


@contextmanager
def present(fleet: Fleet, people: Iterable[User]) -> Iterator[None]:
    """Let them be users of every host that is up, until a host is booted or the context ends.

    Hosts see the fleet's own passwd, shadow and group, and for this a sudoers as well: the machine's stay untouched.
    """
    people = tuple(people)
    files = {name: fleet.files.etc / name for name in ("passwd", "shadow", "group")}
    before = {name: path.read_text() for name, path in files.items()}
    sudoers = fleet.files.etc / "sudoers"
    sudoers.write_text("".join(f"{user.name} {user.sudoers}\n" for user in people if user.sudoers))
    sudoers.chmod(0o440)
    lines = [f"{user.name}:x:{uid}:{uid}::{user.home}:{user.shell}\n" for uid, user in enumerate(people, FIRST_ID)]
    # In place: hosts have these very files mounted.
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
            with suppress(Failed):  # it may have been booted anew, and has it no more
                host.run("umount", "/etc/sudoers")
        for name, text in before.items():
            files[name].write_text(text)


def _grouped(group: str, members: list[str]) -> str:
    lines = [f"{line}{','.join(members)}" if line.startswith("docker:") else line for line in group.splitlines()]
    return "".join(f"{line}\n" for line in lines)
