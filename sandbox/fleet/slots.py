"""Assigns slots of this machine to fleets, so that several fleets can run and those of dead owners are removed.

A slot's record in /run (empty after a reboot, like the machine's namespaces) names the fleet's state folder and its
owner, the process with which the fleet ends. A fleet that stays up on its own has no owner.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.errors import Failed
from sandbox.fleet.files import Files
from sandbox.fleet.network import Network
from sandbox.fleet.releases import Release
from sandbox.fleet.shell import started_at

REGISTRY = Path("/run/swarmbot-fleets")
_SLOT_NUMBERS = range(100)


class Owner(BaseModel):
    """A process, identified by id and start time, because ids are reused."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: int
    """In clock ticks since boot."""

    @classmethod
    def of(cls, pid: int) -> Owner:
        """Return process ``pid`` as an owner."""
        return cls(pid=pid, started=started_at(pid))

    @property
    def alive(self) -> bool:
        """Whether the process is still running."""
        return started_at(self.pid) == self.started != 0


class Claim(BaseModel):
    """The claim of one fleet on a slot."""

    model_config = ConfigDict(frozen=True)

    slot: int
    state: Path
    size: int
    owner: Owner | None
    releases: tuple[Release | None, ...] = (None,)

    @property
    def is_wanted(self) -> bool:
        """Whether the fleet has no owner, or its owner is still running."""
        return self.owner is None or self.owner.alive


def claim(state: Path, size: int, releases: tuple[Release | None, ...], owner: Owner | None) -> Claim:
    """Claim a free slot for the fleet of ``state``, and remove the fleets of dead owners.

    Raise Failed if that fleet is already running, or if no slot is free.
    """
    with _locked():
        for held in _claims():
            if held.is_wanted and held.state == state:
                raise Failed(f"The fleet of {state} is already running.", next_step="Stop it first.")
            if not held.is_wanted:
                _clear(held)
        taken = {held.slot for held in _claims()}
        for slot in _SLOT_NUMBERS:
            if slot not in taken and not Network(slot).remains():
                mine = Claim(slot=slot, state=state, size=size, releases=releases, owner=owner)
                _record(slot).write_text(mine.model_dump_json())
                return mine
    raise Failed(f"All {len(_SLOT_NUMBERS)} slots for fleets are in use.")


def release(mine: Claim) -> None:
    """Remove a fleet and free its slot; do nothing if the slot is no longer claimed by this fleet."""
    with _locked():
        if mine in _claims():
            _clear(mine)


def held_by(state: Path) -> Claim | None:
    """Return the claim of the fleet of ``state``, or None."""
    with _locked():
        return next((held for held in _claims() if held.state == state), None)


def running() -> list[Claim]:
    """Return the claims of all fleets whose owner still runs."""
    with _locked():
        return [held for held in _claims() if held.is_wanted]


def _claims() -> list[Claim]:
    return [Claim.model_validate_json(path.read_text()) for path in sorted(REGISTRY.glob("*.json"))]


def _clear(held: Claim) -> None:
    Network(held.slot).down()
    Files(held.state).remove()
    _record(held.slot).unlink()


def _record(slot: int) -> Path:
    return REGISTRY / f"{slot}.json"


@contextmanager
def _locked() -> Iterator[None]:
    REGISTRY.mkdir(mode=0o755, exist_ok=True)
    with (REGISTRY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # each holder has a time-out, and the kernel frees a dead holder's lock
        yield
